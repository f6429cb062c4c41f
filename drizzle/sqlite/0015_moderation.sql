ALTER TABLE `calls` ADD `flags` text;--> statement-breakpoint
CREATE INDEX `calls_flagged` ON `calls` (`client_id`,`started_at`) WHERE flags <> 'unchecked';--> statement-breakpoint
ALTER TABLE `clients` ADD `moderation` text DEFAULT 'off' NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `required_moderation` text DEFAULT 'off' NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `flags_counted_from` integer DEFAULT 0 NOT NULL;