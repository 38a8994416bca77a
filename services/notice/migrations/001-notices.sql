-- One for each order and kind of event: what the customer was told.
CREATE TABLE notice (
  id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  order_id bigint NOT NULL,
  customer_id bigint,
  channel text NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'sent', 'failed')),
  kind text NOT NULL,
  text text NOT NULL,
  traceparent text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  at timestamptz NOT NULL,
  UNIQUE (order_id, kind)
) WITH (fillfactor = 80);
CREATE INDEX notice_queued ON notice (next_attempt_at) WHERE status = 'queued';
