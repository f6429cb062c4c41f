CREATE TABLE `provider_objects` (
	`provider` text NOT NULL,
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`grant_id` text NOT NULL,
	`credential_id` text NOT NULL,
	`call_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `kind`, `id`),
	FOREIGN KEY (`grant_id`) REFERENCES `grants`(`id`) ON UPDATE no action ON DELETE no action
);
