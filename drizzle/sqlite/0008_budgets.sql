CREATE TABLE `budgets` (
	`holder` text NOT NULL,
	`unit` text NOT NULL,
	`period` text NOT NULL,
	`limit_amount` integer NOT NULL,
	`strict` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`holder`, `unit`, `period`)
);
--> statement-breakpoint
CREATE TABLE `counters` (
	`id` text PRIMARY KEY NOT NULL,
	`ends_at` integer,
	`spent` integer NOT NULL,
	`reserved` integer NOT NULL,
	`noticed` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `counters_end` ON `counters` (`ends_at`);--> statement-breakpoint
ALTER TABLE `calls` ADD `counted_nano_usd` integer;--> statement-breakpoint
ALTER TABLE `calls` ADD `holds` text;