-- The auditor asks for the refunds of an order, and since when one is due.
ALTER TABLE refund ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE refund ADD COLUMN settled_by_hand boolean NOT NULL DEFAULT false;
UPDATE refund SET settled_by_hand = true WHERE state = 'done' AND reason LIKE 'settled by hand:%';
CREATE INDEX refund_order ON refund (order_id);
