ALTER TABLE `grants` ADD `paid_by_app` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
-- Whoever has no key was told so when they approved; of the others it is not known.
UPDATE `grants` SET `paid_by_app` = (
  SELECT json_group_array(DISTINCT lent.provider)
  FROM wraps JOIN credentials AS lent ON lent.id = wraps.credential_id
  WHERE wraps.holder = grants.client_id AND lent.provider NOT IN (
    SELECT own.provider FROM wraps AS held JOIN credentials AS own ON own.id = held.credential_id
    WHERE held.holder = grants.id
  )
) WHERE NOT test;
