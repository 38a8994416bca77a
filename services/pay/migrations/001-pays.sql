CREATE SEQUENCE pay_id CACHE 1;

-- What became of the money for each order: a payment, or the word that there may never be one ('voided': no payment, so
-- it has no id and is not shown). One row for both, since of a charge and a void at once only one may stand.
CREATE TABLE pay (
  order_id bigint PRIMARY KEY,
  payment_key uuid NOT NULL UNIQUE,
  status text NOT NULL CHECK (status IN ('approved', 'canceled', 'declined', 'voided')),
  id bigint UNIQUE,
  price bigint CHECK (price >= 0),
  itemcd bigint,
  item text,
  order_qty integer,
  customer_id bigint,
  address text,
  reason text,
  delivered boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Of a void: the provider is asked again until no charge can be on its way any more.
  checks integer NOT NULL DEFAULT 0,
  check_at timestamptz,
  CHECK ((status = 'voided') = (id IS NULL))
);
CREATE INDEX pay_void_check ON pay (check_at) WHERE status = 'voided' AND checks < 4;

-- Money that is owed back. Refunded under the payment's key, so once, however often it is tried.
CREATE TABLE refund (
  payment_key uuid PRIMARY KEY,
  id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  order_id bigint NOT NULL,
  amount bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('due', 'done', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  reason text
);
CREATE INDEX refund_due ON refund (next_attempt_at) WHERE state = 'due';
CREATE INDEX refund_failed ON refund (id) WHERE state = 'failed';

-- Up to which payment the order service has been asked whether there is an order for it.
CREATE TABLE pay_audit (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  audited_id bigint NOT NULL DEFAULT 0
);
INSERT INTO pay_audit DEFAULT VALUES;

-- The sandbox provider's own books. In a transaction of their own, as a real provider's are.
CREATE TABLE sandbox_charge (
  payment_key uuid PRIMARY KEY,
  amount bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('captured', 'declined', 'refunded')),
  charged_at timestamptz NOT NULL DEFAULT now(),
  refunded_at timestamptz
);
