CREATE SEQUENCE delivery_id CACHE 1;

-- One row for each order. An order that was canceled before its delivery was prepared leaves a tombstone, so that what is
-- prepared later is not delivered: a row without an id, which is not shown.
CREATE TABLE delivery (
  order_id bigint PRIMARY KEY,
  id bigint UNIQUE,
  customer_id bigint,
  product_name text,
  qtyp bigint,
  price bigint,
  address text,
  status text NOT NULL,
  carrier text,
  tracking_number text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'tombstone') = (id IS NULL))
) WITH (fillfactor = 80);
