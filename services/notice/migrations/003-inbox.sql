-- Whether the customer has seen it.
ALTER TABLE notice ADD COLUMN read_at timestamptz;
CREATE INDEX notice_customer ON notice (customer_id, id);
CREATE INDEX notice_unread ON notice (customer_id, id) WHERE read_at IS NULL;
