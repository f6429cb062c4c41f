ALTER TABLE "calls" ADD COLUMN "payer" text collate "C" DEFAULT 'user' NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "pays_when_used_up" boolean DEFAULT false NOT NULL;