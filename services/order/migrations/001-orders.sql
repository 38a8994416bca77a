CREATE SEQUENCE order_id CACHE 1;

-- Orders that are not orders yet: nothing reads this table but the placing of orders and its reconciler.
CREATE TABLE intent (
  id bigint PRIMARY KEY,
  payment_key uuid NOT NULL,
  item text,
  order_qty integer NOT NULL,
  price bigint,
  itemcd bigint NOT NULL,
  customer_id bigint,
  address text,
  -- Whether the client can ask again for the same order; then it is established if it can be, else voided.
  keyed boolean NOT NULL,
  voiding boolean NOT NULL DEFAULT false,
  traceparent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- When the reconciler takes the intent up, unless the request that opened it has ended it by then.
  settle_after timestamptz NOT NULL
);
CREATE INDEX intent_settle_after ON intent (settle_after);

CREATE TABLE orders (
  id bigint PRIMARY KEY,
  item text,
  order_qty integer NOT NULL CHECK (order_qty > 0),
  status text NOT NULL,
  price bigint NOT NULL CHECK (price >= 0),
  itemcd bigint NOT NULL,
  customer_id bigint,
  address text,
  reason text,
  -- Something that only a person can settle, such as goods that are out for a canceled order.
  exception text,
  exception_settled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX orders_open ON orders (updated_at) WHERE status NOT IN ('deliverycompleted', 'orderCanceled');
CREATE INDEX orders_exception ON orders (id) WHERE exception IS NOT NULL AND NOT exception_settled;

-- Which request a client's Idempotency-Key stands for. A refused payment keeps its key, with the reason.
CREATE TABLE order_request (
  customer_id bigint NOT NULL,
  key text NOT NULL,
  body_hash text NOT NULL,
  order_id bigint NOT NULL,
  refusal text,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (customer_id, key)
);
CREATE INDEX order_request_order ON order_request (order_id);
CREATE INDEX order_request_expires ON order_request (expires_at);

-- What the product service last said of its catalogue; used while it cannot be asked.
CREATE TABLE catalogue (
  id bigint PRIMARY KEY,
  name text,
  price bigint
);
