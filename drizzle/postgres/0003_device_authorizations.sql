CREATE TABLE "device_authorizations" (
	"device_code_hash" text collate "C" PRIMARY KEY NOT NULL,
	"user_code_hash" text collate "C" NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"scope" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"interval" integer NOT NULL,
	"polled_at" bigint,
	"request_id" text collate "C",
	"redeemed_at" bigint,
	CONSTRAINT "device_authorizations_user_code_hash_unique" UNIQUE("user_code_hash")
);
--> statement-breakpoint
ALTER TABLE "authorization_requests" ALTER COLUMN "redirect_uri" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "authorization_requests" ALTER COLUMN "code_challenge" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "authorization_requests" ADD COLUMN "user_code" text collate "C";--> statement-breakpoint
CREATE INDEX "device_authorizations_expiry" ON "device_authorizations" USING btree ("expires_at");