-- A record's row on main is written anew with each of its versions, mostly but for the version's number. Where
-- its page has room for that, none of its indexes is touched.
ALTER TABLE orders SET (fillfactor = 85);
ALTER TABLE customers SET (fillfactor = 85);
ALTER TABLE products SET (fillfactor = 85);
ALTER TABLE tax_codes SET (fillfactor = 85);
