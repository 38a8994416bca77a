-- Orders that stand still are looked for by what they wait for.
CREATE INDEX orders_standing ON orders (status, updated_at) WHERE status NOT IN ('deliverycompleted', 'orderCanceled');
DROP INDEX orders_open;
