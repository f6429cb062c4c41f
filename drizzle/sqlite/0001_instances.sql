CREATE TABLE `instances` (
	`id` text PRIMARY KEY NOT NULL,
	`lease_until` integer NOT NULL,
	`declared_dead_at` integer
);

--> statement-breakpoint
-- Calls from before there were leases: whoever had them is gone.
INSERT INTO `instances` SELECT DISTINCT `instance_id`, 0, NULL FROM `calls` WHERE `state` = 'pending';
