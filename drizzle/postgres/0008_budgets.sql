CREATE TABLE "budgets" (
	"holder" text collate "C" NOT NULL,
	"unit" text collate "C" NOT NULL,
	"period" text collate "C" NOT NULL,
	"limit_amount" bigint NOT NULL,
	"strict" boolean NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "budgets_holder_unit_period_pk" PRIMARY KEY("holder","unit","period")
);
--> statement-breakpoint
CREATE TABLE "counters" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"ends_at" bigint,
	"spent" bigint NOT NULL,
	"reserved" bigint NOT NULL,
	"noticed" integer DEFAULT 0 NOT NULL
) WITH (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE "calls" ADD COLUMN "counted_nano_usd" bigint;--> statement-breakpoint
ALTER TABLE "calls" ADD COLUMN "holds" json;--> statement-breakpoint
CREATE INDEX "counters_end" ON "counters" USING btree ("ends_at");