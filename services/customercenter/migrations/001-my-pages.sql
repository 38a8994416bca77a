-- The view: one row for each order that an event told of. Rows whose order has not been seen yet are not shown.
CREATE TABLE my_page (
  order_id bigint PRIMARY KEY,
  shown boolean NOT NULL,
  status text,
  item text,
  quantity bigint,
  price bigint,
  itemcd bigint,
  customer_id bigint,
  delivery_status text,
  delivery_id bigint,
  pay_status text,
  reason text,
  updated_at bigint NOT NULL,
  -- status → ms since 1970
  timeline jsonb NOT NULL
) WITH (fillfactor = 60);
