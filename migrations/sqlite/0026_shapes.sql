-- What the planner cannot know of tables that it never looked through: a company has half of the rows, main
-- half of these, a record two. Without it, statements that name several records read all of main's versions: it
-- takes a company's rows for ten. Figures of the day, as a database once gathered when it was closed, go:
-- a company that grew since would be planned for as it was when it was small.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('order_versions', 'sqlite_autoindex_order_versions_1', '1000000 500000 250000 2 1'),
  ('order_versions', 'order_versions_placed', '1000000 500000 250000 50 2 1 1 1 1 1 1 1'),
  ('order_versions', 'order_versions_gone', '10000 5000 2500 2 1'),
  ('order_versions', 'order_versions_commit', '1000000 500000 2 1'),
  ('order_versions', 'order_versions_branches', '100000 50000 2 1'),
  ('customer_versions', 'sqlite_autoindex_customer_versions_1', '1000000 500000 250000 2 1'),
  ('customer_versions', 'customer_versions_name', '1000000 500000 250000 50 2 1 1 1 1'),
  ('customer_versions', 'customer_versions_code', '1000000 500000 250000 2 1 1'),
  ('customer_versions', 'customer_versions_gone', '10000 5000 2500 2 1'),
  ('customer_versions', 'customer_versions_commit', '1000000 500000 2 1'),
  ('customer_versions', 'customer_versions_branches', '100000 50000 2 1'),
  ('product_versions', 'sqlite_autoindex_product_versions_1', '1000000 500000 250000 2 1'),
  ('product_versions', 'product_versions_name', '1000000 500000 250000 50 2 1 1 1 1'),
  ('product_versions', 'product_versions_code', '1000000 500000 250000 2 1 1'),
  ('product_versions', 'product_versions_gone', '10000 5000 2500 2 1'),
  ('product_versions', 'product_versions_commit', '1000000 500000 2 1'),
  ('product_versions', 'product_versions_branches', '100000 50000 2 1'),
  ('tax_code_versions', 'sqlite_autoindex_tax_code_versions_1', '1000000 500000 250000 2 1'),
  ('tax_code_versions', 'tax_code_versions_name', '1000000 500000 250000 50 2 1 1 1 1'),
  ('tax_code_versions', 'tax_code_versions_code', '1000000 500000 250000 2 1 1'),
  ('tax_code_versions', 'tax_code_versions_gone', '10000 5000 2500 2 1'),
  ('tax_code_versions', 'tax_code_versions_commit', '1000000 500000 2 1'),
  ('tax_code_versions', 'tax_code_versions_branches', '100000 50000 2 1');
ANALYZE sqlite_schema;
-- a connection that is open already reads them once it sees that the tables are others
CREATE TABLE shapes_told (id INTEGER);
DROP TABLE shapes_told;
