ALTER TABLE "grants" ADD COLUMN "paid_by_app" json DEFAULT '[]'::json NOT NULL;--> statement-breakpoint
-- Whoever has no key was told so when they approved; of the others it is not known.
update "grants" set "paid_by_app" = (
  select coalesce(json_agg(distinct lent.provider), '[]')
  from wraps join credentials as lent on lent.id = wraps.credential_id
  where wraps.holder = grants.client_id and lent.provider not in (
    select own.provider from wraps as held join credentials as own on own.id = held.credential_id
    where held.holder = grants.id
  )
) where not test;
