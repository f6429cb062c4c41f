CREATE TABLE "pushed_requests" (
	"hash" text collate "C" PRIMARY KEY NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"parameters" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"request_id" text collate "C"
);
--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "requires_pushed_requests" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "pushed_requests_expiry" ON "pushed_requests" USING btree ("expires_at");