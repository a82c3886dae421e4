-- The index by product, as on SQLite.
DROP INDEX order_lines_product;
CREATE INDEX order_lines_product ON order_lines (company_id, product_id);
