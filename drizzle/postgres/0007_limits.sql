CREATE TABLE "rates" (
	"grant_id" text collate "C" NOT NULL,
	"provider" text collate "C" NOT NULL,
	"theoretical_arrival_at" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "rates_grant_id_provider_pk" PRIMARY KEY("grant_id","provider")
);
--> statement-breakpoint
ALTER TABLE "authorization_requests" ADD COLUMN "authorization_details" json DEFAULT '[]'::json NOT NULL;--> statement-breakpoint
ALTER TABLE "device_authorizations" ADD COLUMN "authorization_details" json DEFAULT '[]'::json NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "authorization_details" json DEFAULT '[]'::json NOT NULL;--> statement-breakpoint
ALTER TABLE "rates" ADD CONSTRAINT "rates_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rates" SET (fillfactor = 50);