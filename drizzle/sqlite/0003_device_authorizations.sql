CREATE TABLE `device_authorizations` (
	`device_code_hash` text PRIMARY KEY NOT NULL,
	`user_code_hash` text NOT NULL,
	`client_id` text NOT NULL,
	`scope` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`interval` integer NOT NULL,
	`polled_at` integer,
	`request_id` text,
	`redeemed_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `device_authorizations_user_code_hash_unique` ON `device_authorizations` (`user_code_hash`);--> statement-breakpoint
CREATE INDEX `device_authorizations_expiry` ON `device_authorizations` (`expires_at`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_authorization_requests` (
	`id` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`redirect_uri` text,
	`state` text,
	`scope` text NOT NULL,
	`code_challenge` text,
	`user_code` text,
	`browser_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`decision` text,
	`decided_at` integer,
	`user_id` text,
	`grant_id` text,
	`granted_scope` text,
	`code_issued_at` integer
);
--> statement-breakpoint
INSERT INTO `__new_authorization_requests`("id", "client_id", "redirect_uri", "state", "scope", "code_challenge", "browser_hash", "created_at", "expires_at", "decision", "decided_at", "user_id", "grant_id", "granted_scope", "code_issued_at") SELECT "id", "client_id", "redirect_uri", "state", "scope", "code_challenge", "browser_hash", "created_at", "expires_at", "decision", "decided_at", "user_id", "grant_id", "granted_scope", "code_issued_at" FROM `authorization_requests`;--> statement-breakpoint
DROP TABLE `authorization_requests`;--> statement-breakpoint
ALTER TABLE `__new_authorization_requests` RENAME TO `authorization_requests`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `authorization_requests_expiry` ON `authorization_requests` (`expires_at`);