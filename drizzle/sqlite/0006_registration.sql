PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_clients` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`secret_hash` text,
	`jwks` text,
	`secret_method` text,
	`registration_token_hash` text,
	`fresh_until` integer,
	`redirect_uris` text NOT NULL,
	`scope` text NOT NULL,
	`requires_dpop` integer DEFAULT false NOT NULL,
	`requires_pushed_requests` integer DEFAULT false NOT NULL,
	`verified` integer NOT NULL,
	`verification_token` text,
	`verification_asked_at` integer,
	`domain_proven_at` integer,
	`status` text NOT NULL,
	`created_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
INSERT INTO `__new_clients`("id", "owner_id", "name", "type", "secret_hash", "jwks", "redirect_uris", "scope", "requires_dpop", "requires_pushed_requests", "verified", "status", "created_at", "deleted_at") SELECT "id", "owner_id", "name", "type", "secret_hash", "jwks", "redirect_uris", "scope", "requires_dpop", "requires_pushed_requests", "verified", "status", "created_at", "deleted_at" FROM `clients`;--> statement-breakpoint
DROP TABLE `clients`;--> statement-breakpoint
ALTER TABLE `__new_clients` RENAME TO `clients`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `clients_owner` ON `clients` (`owner_id`);