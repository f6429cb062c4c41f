ALTER TABLE "calls" ADD COLUMN "flags" text collate "C";--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "moderation" text collate "C" DEFAULT 'off' NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "required_moderation" text collate "C" DEFAULT 'off' NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "flags_counted_from" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "calls_flagged" ON "calls" USING btree ("client_id","started_at") WHERE flags <> 'unchecked';