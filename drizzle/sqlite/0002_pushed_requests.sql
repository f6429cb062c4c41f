CREATE TABLE `pushed_requests` (
	`hash` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`parameters` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`request_id` text
);
--> statement-breakpoint
CREATE INDEX `pushed_requests_expiry` ON `pushed_requests` (`expires_at`);--> statement-breakpoint
ALTER TABLE `clients` ADD `requires_pushed_requests` integer DEFAULT false NOT NULL;