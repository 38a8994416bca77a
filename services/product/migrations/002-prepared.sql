-- When an order's pieces were taken and its delivery prepared, also where they came back since. Not known of lines of before.
ALTER TABLE stock_line ADD COLUMN prepared_at timestamptz;
