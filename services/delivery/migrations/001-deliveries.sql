CREATE SEQUENCE delivery_id CACHE 1;

CREATE TABLE delivery (
  order_id bigint PRIMARY KEY,
  id bigint NOT NULL UNIQUE,
  customer_id bigint,
  product_name text,
  qtyp bigint,
  price bigint,
  address text,
  status text NOT NULL,
  carrier text,
  tracking_number text,
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

-- Orders that were canceled before their delivery was prepared: what is prepared later is not delivered.
CREATE TABLE delivery_tombstone (
  order_id bigint PRIMARY KEY,
  canceled_at timestamptz NOT NULL DEFAULT now()
);
