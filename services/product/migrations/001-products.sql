CREATE TABLE product (
  id bigint PRIMARY KEY,
  name text,
  -- Of one piece, in minor units.
  price bigint CHECK (price >= 0),
  -- What stands on the shelf, and how much of it is set aside for orders that are being placed.
  total bigint NOT NULL CHECK (total >= 0),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0 AND reserved <= total),
  image_url text,
  version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

-- One line for each order: what became of its pieces.
CREATE TABLE stock_line (
  order_id bigint PRIMARY KEY,
  itemcd bigint NOT NULL,
  order_qty bigint NOT NULL,
  hold text NOT NULL CHECK (hold IN ('none', 'reserved', 'expired', 'taken', 'short', 'released')),
  -- The total price under which the payment and the order were seen; both have to be the same.
  paid_price bigint,
  ordered_price bigint,
  pay_id bigint,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX stock_line_expires ON stock_line (expires_at)
  WHERE hold = 'reserved' AND paid_price IS NULL AND ordered_price IS NULL;

-- What was added to the shelf or taken off it other than by orders.
CREATE TABLE stock_movement (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id bigint NOT NULL REFERENCES product,
  quantity bigint NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stock_movement_product ON stock_movement (product_id, id);
