CREATE TABLE "provider_objects" (
	"provider" text collate "C" NOT NULL,
	"kind" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"grant_id" text collate "C" NOT NULL,
	"credential_id" text collate "C" NOT NULL,
	"call_id" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "provider_objects_provider_kind_id_pk" PRIMARY KEY("provider","kind","id")
);
--> statement-breakpoint
ALTER TABLE "provider_objects" ADD CONSTRAINT "provider_objects_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE no action ON UPDATE no action;