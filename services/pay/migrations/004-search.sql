CREATE INDEX pay_customer ON pay (customer_id, id);
CREATE INDEX pay_not_approved ON pay (status, id) WHERE status IN ('canceled', 'declined');
