-- The head of each partition. Appending locks it, so position order is commit order and there are no gaps.
CREATE TABLE log_partition (
  partition integer PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0
);
INSERT INTO log_partition (partition) SELECT generate_series(0, 7);

CREATE TABLE log (
  partition integer NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  key text NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  traceparent text,
  appended_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partition, position)
);

-- The relay that may append for each publisher: the one that took the last epoch.
CREATE TABLE log_publisher (
  name text PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0
);
