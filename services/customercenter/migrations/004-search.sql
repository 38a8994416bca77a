CREATE INDEX my_page_customer ON my_page (customer_id, order_id);
CREATE INDEX my_page_itemcd ON my_page (itemcd, order_id);

-- Searches by date go by when it was ordered, and searches by status by how it ended. Both are columns of their own, since an
-- index over what changes with each event (timeline, status) keeps no update of a row in its page: these change once.
ALTER TABLE my_page
  ADD COLUMN ordered_at bigint GENERATED ALWAYS AS ((timeline ->> 'ordered')::bigint) STORED,
  -- Null while the order is open.
  ADD COLUMN ended text
    GENERATED ALWAYS AS (CASE WHEN status IN ('deliverycompleted', 'orderCanceled') THEN status END) STORED;
CREATE INDEX my_page_ordered ON my_page (ordered_at, order_id);
CREATE INDEX my_page_ended ON my_page (ended, order_id);
-- For the figures of the last minutes.
CREATE INDEX my_page_updated ON my_page USING brin (updated_at) WITH (autosummarize = on);

-- Trigrams (pg_trgm) know no Korean where the database's locale is C, and no locale makes three letters of a word of two
-- syllables. In plpgsql, since an aggregate in SQL takes six times as long.
CREATE FUNCTION letter_pairs(words text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  letters text := lower(words);
  pairs text[] := '{}';
BEGIN
  FOR i IN 1 .. length(letters) - 1 LOOP
    pairs[i] := substr(letters, i, 2);
  END LOOP;
  RETURN pairs;
END $$;
CREATE INDEX my_page_text ON my_page USING gin (letter_pairs(coalesce(item, '') || ' ' || coalesce(reason, '')));
ANALYZE my_page;
