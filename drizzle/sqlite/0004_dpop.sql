CREATE TABLE `dpop_proofs` (
	`hash` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `dpop_proofs_expiry` ON `dpop_proofs` (`expires_at`);--> statement-breakpoint
ALTER TABLE `authorization_codes` ADD `dpop_thumbprint` text;--> statement-breakpoint
ALTER TABLE `authorization_requests` ADD `dpop_thumbprint` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `requires_dpop` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `families` ADD `dpop_thumbprint` text;