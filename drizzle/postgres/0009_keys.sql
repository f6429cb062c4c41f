CREATE TABLE "notices" (
	"kind" text collate "C" NOT NULL,
	"about" text collate "C" NOT NULL,
	"user_id" text collate "C" NOT NULL,
	"title" text collate "C" NOT NULL,
	"text" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"attempts" integer NOT NULL,
	"due_at" bigint,
	CONSTRAINT "notices_kind_about_pk" PRIMARY KEY("kind","about")
);
--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "exhausted_at" bigint;--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "abilities" json DEFAULT '{}'::json NOT NULL;--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "expires_at" bigint;--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "session_hash" text collate "C";--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notices_due" ON "notices" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "credentials_expiry" ON "credentials" USING btree ("expires_at") WHERE "credentials"."expires_at" is not null;