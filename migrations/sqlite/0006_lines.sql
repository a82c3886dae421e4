-- Order lines in the order in which they are written, so that a large import appends; the index by
-- product then holds a short row number instead of a whole key.
CREATE TABLE order_lines_new (
  company_id BLOB NOT NULL,
  order_id BLOB NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  position INTEGER NOT NULL,
  type TEXT NOT NULL,
  product_id BLOB,
  sku TEXT,
  name TEXT,
  qty INTEGER NOT NULL,
  unit_price INTEGER NOT NULL,
  discount INTEGER NOT NULL,
  tax_code_id BLOB,
  tax_rate INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  net INTEGER NOT NULL,
  tax INTEGER NOT NULL,
  PRIMARY KEY (company_id, order_id, id),
  FOREIGN KEY (company_id, order_id) REFERENCES orders (company_id, id),
  FOREIGN KEY (company_id, product_id) REFERENCES products (company_id, id),
  FOREIGN KEY (company_id, tax_code_id) REFERENCES tax_codes (company_id, id)
) STRICT;
INSERT INTO order_lines_new SELECT company_id, order_id, id, position, type, product_id, sku, name, qty, unit_price, discount, tax_code_id, tax_rate, amount, net, tax FROM order_lines;
DROP TABLE order_lines;
ALTER TABLE order_lines_new RENAME TO order_lines;
CREATE INDEX order_lines_product ON order_lines (company_id, product_id);
