CREATE TABLE "attempts" (
	"key" text collate "C" PRIMARY KEY NOT NULL,
	"count" integer NOT NULL,
	"resets_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text collate "C" NOT NULL,
	"at" bigint NOT NULL,
	"actor" text collate "C" NOT NULL,
	"action" text collate "C" NOT NULL,
	"subject" text collate "C" NOT NULL,
	"user_id" text collate "C",
	"detail" json NOT NULL,
	CONSTRAINT "audit_events_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "authorization_codes" (
	"hash" text collate "C" PRIMARY KEY NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"grant_id" text collate "C" NOT NULL,
	"redirect_uri" text collate "C" NOT NULL,
	"code_challenge" text collate "C" NOT NULL,
	"scope" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"failed_attempts" integer NOT NULL,
	"used_at" bigint,
	"family_id" text collate "C"
);
--> statement-breakpoint
CREATE TABLE "authorization_requests" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"redirect_uri" text collate "C" NOT NULL,
	"state" text collate "C",
	"scope" text collate "C" NOT NULL,
	"code_challenge" text collate "C" NOT NULL,
	"browser_hash" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"decision" text collate "C",
	"decided_at" bigint,
	"user_id" text collate "C",
	"grant_id" text collate "C",
	"granted_scope" text collate "C",
	"code_issued_at" bigint
);
--> statement-breakpoint
CREATE TABLE "calls" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"user_id" text collate "C" NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"grant_id" text collate "C" NOT NULL,
	"family_id" text collate "C" NOT NULL,
	"credential_id" text collate "C" NOT NULL,
	"instance_id" text collate "C" NOT NULL,
	"provider" text collate "C" NOT NULL,
	"route" text collate "C" NOT NULL,
	"model" text collate "C",
	"state" text collate "C" NOT NULL,
	"reserved_nano_usd" bigint NOT NULL,
	"status" integer,
	"outcome" text collate "C",
	"usage" json,
	"cost_nano_usd" bigint,
	"upstream_request_id" text collate "C",
	"started_at" bigint NOT NULL,
	"ended_at" bigint
);
--> statement-breakpoint
CREATE TABLE "clients" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"owner_id" text collate "C" NOT NULL,
	"name" text collate "C" NOT NULL,
	"type" text collate "C" NOT NULL,
	"secret_hash" text collate "C",
	"redirect_uris" json NOT NULL,
	"scope" text collate "C" NOT NULL,
	"verified" boolean NOT NULL,
	"status" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"deleted_at" bigint
);
--> statement-breakpoint
CREATE TABLE "credentials" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"user_id" text collate "C" NOT NULL,
	"provider" text collate "C" NOT NULL,
	"name" text collate "C" NOT NULL,
	"version" integer NOT NULL,
	"fingerprint" text collate "C" NOT NULL,
	"last4" text collate "C" NOT NULL,
	"organization" text collate "C",
	"project" text collate "C",
	"sandbox" boolean NOT NULL,
	"status" text collate "C" NOT NULL,
	"checked_at" bigint,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	"ciphertext" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "families" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"grant_id" text collate "C" NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"scope" text collate "C" NOT NULL,
	"seq" integer NOT NULL,
	"created_at" bigint NOT NULL,
	"revoked_at" bigint,
	"revoked_reason" text collate "C"
);
--> statement-breakpoint
CREATE TABLE "grants" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"user_id" text collate "C" NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"test" boolean NOT NULL,
	"scope" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	"expires_at" bigint,
	"revoked_at" bigint,
	"revoked_reason" text collate "C"
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"hash" text collate "C" PRIMARY KEY NOT NULL,
	"kind" text collate "C" NOT NULL,
	"email" text collate "C",
	"created_by" text collate "C",
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"used_at" bigint
);
--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"hash" text collate "C" PRIMARY KEY NOT NULL,
	"family_id" text collate "C" NOT NULL,
	"seq" integer NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"used_at" bigint,
	"salt" "bytea",
	"successor_hash" text collate "C"
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"hash" text collate "C" PRIMARY KEY NOT NULL,
	"user_id" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text collate "C" PRIMARY KEY NOT NULL,
	"value" text collate "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"kid" text collate "C" PRIMARY KEY NOT NULL,
	"algorithm" text collate "C" NOT NULL,
	"public_jwk" json NOT NULL,
	"sealed_private_jwk" "bytea" NOT NULL,
	"master_key_id" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"retired_at" bigint,
	"withdrawn_at" bigint
);
--> statement-breakpoint
CREATE TABLE "subjects" (
	"user_id" text collate "C" NOT NULL,
	"client_id" text collate "C" NOT NULL,
	"subject" text collate "C" NOT NULL,
	CONSTRAINT "subjects_user_id_client_id_pk" PRIMARY KEY("user_id","client_id"),
	CONSTRAINT "subjects_subject_unique" UNIQUE("subject")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"email" text collate "C" NOT NULL,
	"password_hash" text collate "C" NOT NULL,
	"operator" boolean NOT NULL,
	"status" text collate "C" NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "wraps" (
	"credential_id" text collate "C" NOT NULL,
	"holder" text collate "C" NOT NULL,
	"master_key_id" text collate "C" NOT NULL,
	"wrapped" "bytea" NOT NULL,
	CONSTRAINT "wraps_credential_id_holder_pk" PRIMARY KEY("credential_id","holder")
);
--> statement-breakpoint
ALTER TABLE "clients" ADD CONSTRAINT "clients_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "families" ADD CONSTRAINT "families_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_family_id_families_id_fk" FOREIGN KEY ("family_id") REFERENCES "public"."families"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subjects" ADD CONSTRAINT "subjects_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subjects" ADD CONSTRAINT "subjects_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "wraps" ADD CONSTRAINT "wraps_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "public"."credentials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attempts_reset" ON "attempts" USING btree ("resets_at");--> statement-breakpoint
CREATE INDEX "audit_events_user" ON "audit_events" USING btree ("user_id","seq");--> statement-breakpoint
CREATE INDEX "authorization_codes_expiry" ON "authorization_codes" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "authorization_requests_expiry" ON "authorization_requests" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "calls_grant" ON "calls" USING btree ("grant_id","id");--> statement-breakpoint
CREATE INDEX "calls_client" ON "calls" USING btree ("client_id","id");--> statement-breakpoint
CREATE INDEX "calls_pending" ON "calls" USING btree ("instance_id") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "clients_owner" ON "clients" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "credentials_user" ON "credentials" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "families_grant" ON "families" USING btree ("grant_id");--> statement-breakpoint
CREATE UNIQUE INDEX "grants_live" ON "grants" USING btree ("user_id","client_id","test") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "grants_client" ON "grants" USING btree ("client_id");--> statement-breakpoint
CREATE UNIQUE INDEX "refresh_tokens_family" ON "refresh_tokens" USING btree ("family_id","seq");--> statement-breakpoint
CREATE INDEX "refresh_tokens_expiry" ON "refresh_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "refresh_tokens_salt" ON "refresh_tokens" USING btree ("used_at") WHERE salt is not null;--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "wraps_holder" ON "wraps" USING btree ("holder");--> statement-breakpoint
CREATE INDEX "wraps_master_key" ON "wraps" USING btree ("master_key_id");--> statement-breakpoint
ALTER TABLE "calls" SET (fillfactor = 50);
