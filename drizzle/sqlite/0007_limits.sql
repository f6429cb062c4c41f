CREATE TABLE `rates` (
	`grant_id` text NOT NULL,
	`provider` text NOT NULL,
	`theoretical_arrival_at` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`grant_id`, `provider`),
	FOREIGN KEY (`grant_id`) REFERENCES `grants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
ALTER TABLE `authorization_requests` ADD `authorization_details` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `device_authorizations` ADD `authorization_details` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `grants` ADD `authorization_details` text DEFAULT '[]' NOT NULL;