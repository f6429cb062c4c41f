ALTER TABLE "clients" ALTER COLUMN "owner_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "secret_method" text collate "C";--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "registration_token_hash" text collate "C";--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "fresh_until" bigint;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "verification_token" text collate "C";--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "verification_asked_at" bigint;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "domain_proven_at" bigint;