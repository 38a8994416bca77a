-- The board shows what is on its way; of what has ended there is much more.
CREATE INDEX delivery_open ON delivery (status, id) WHERE status IN ('deliveryRequested', 'deliverystarted');
CREATE INDEX delivery_customer ON delivery (customer_id, id);
