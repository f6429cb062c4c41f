CREATE TABLE "dpop_proofs" (
	"hash" text collate "C" PRIMARY KEY NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "authorization_codes" ADD COLUMN "dpop_thumbprint" text collate "C";--> statement-breakpoint
ALTER TABLE "authorization_requests" ADD COLUMN "dpop_thumbprint" text collate "C";--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "requires_dpop" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "families" ADD COLUMN "dpop_thumbprint" text collate "C";--> statement-breakpoint
CREATE INDEX "dpop_proofs_expiry" ON "dpop_proofs" USING btree ("expires_at");