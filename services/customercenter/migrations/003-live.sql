-- Which transaction changed a row last, for those who follow the view. Rows of before this migration count as old.
ALTER TABLE my_page ADD COLUMN changed bigint NOT NULL DEFAULT 0;
ALTER TABLE my_page ALTER COLUMN changed SET DEFAULT pg_current_xact_id()::text::bigint;
-- A block range index summarizes: other than a B-tree it does not keep updates of a row from staying in its page.
CREATE INDEX my_page_changed ON my_page USING brin (changed) WITH (pages_per_range = 16, autosummarize = on);

-- What those who follow the view know it by. Unlogged, so that it is gone after a crash or in a copy that was restored: there
-- numbers of transactions may be given out again, and whoever follows has to begin anew.
CREATE UNLOGGED TABLE view_epoch (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
