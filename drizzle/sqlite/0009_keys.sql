CREATE TABLE `notices` (
	`kind` text NOT NULL,
	`about` text NOT NULL,
	`user_id` text NOT NULL,
	`title` text NOT NULL,
	`text` text NOT NULL,
	`created_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`due_at` integer,
	PRIMARY KEY(`kind`, `about`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `notices_due` ON `notices` (`due_at`);--> statement-breakpoint
ALTER TABLE `credentials` ADD `exhausted_at` integer;--> statement-breakpoint
ALTER TABLE `credentials` ADD `abilities` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `credentials` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `credentials` ADD `session_hash` text;--> statement-breakpoint
CREATE INDEX `credentials_expiry` ON `credentials` (`expires_at`) WHERE "credentials"."expires_at" is not null;