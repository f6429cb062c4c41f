ALTER TABLE `calls` ADD `payer` text DEFAULT 'user' NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `pays_when_used_up` integer DEFAULT false NOT NULL;