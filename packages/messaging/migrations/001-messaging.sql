-- What a service has said and not yet handed to the log. The id is drawn after the aggregate's row lock and is not
-- cached, so the events of one order stand in the order in which they happened.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  event_id uuid NOT NULL,
  key text NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  traceparent text,
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Which events were handled; the row is written with their effects.
CREATE TABLE inbox (
  event_id uuid PRIMARY KEY,
  handled_at timestamptz NOT NULL DEFAULT now()
);

-- How far each partition of the log is read. Moved in the transaction of the effects, and only from the position it
-- was read at: a consumer that was overtaken while it was paused finds its move refused.
CREATE TABLE consumer_cursor (
  partition integer PRIMARY KEY,
  position bigint NOT NULL
);

-- Who does what among the replicas: one relay, one consumer for each partition.
CREATE TABLE lease (
  name text PRIMARY KEY,
  holder uuid NOT NULL,
  held_until timestamptz NOT NULL
);

-- Events that failed, and behind each the later events of the same key.
--   retrying   will be tried again at next_attempt_at
--   waiting    stands behind an earlier event of its key
--   parked     tried too often: waits for an operator, and holds its successors
--   discarded  given up by an operator; holds nobody
CREATE TABLE dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  partition integer NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  key text NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  traceparent text,
  state text NOT NULL CHECK (state IN ('retrying', 'waiting', 'parked', 'discarded')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  reason text,
  stack text,
  failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letter_open ON dead_letter (key, id) WHERE state <> 'discarded';
