CREATE TABLE "instances" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"lease_until" bigint NOT NULL,
	"declared_dead_at" bigint
);

--> statement-breakpoint
-- Calls from before there were leases: whoever had them is gone.
INSERT INTO "instances" SELECT DISTINCT "instance_id", 0, NULL::bigint FROM "calls" WHERE "state" = 'pending';
