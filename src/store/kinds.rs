//! Where each kind of record is kept: one set of statements, written out per kind.
use super::{
    cell::Cell,
    ready::{Beside, Step},
    search::words_of,
};
use crate::domain::{
    company::Company, customer::Customer, field::Kind, ids::CompanyId, order::Order,
    product::Product, record::Record, tax::TaxCode, text::fold,
};
use jiff::tz::TimeZone;

/// The statements of a kind. Every one names the company first.
pub struct Texts {
    pub at: &'static str,
    pub overlaid: &'static str,
    pub of_commit: &'static str,
    pub leaves: &'static str,
    pub proven: &'static str,
    pub timeline: &'static str,
    pub overlaid_timeline: &'static str,
    pub sides_of_branch: &'static str,
    pub sides_of_commit: &'static str,
    pub gone_since: &'static str,
    pub ended_by: &'static str,
    pub moved_since: &'static str,
    pub released: &'static str,
    pub holders: &'static str,
    /// The column of heads in which no two records have the same.
    pub unique: &'static str,
    pub of_commits: &'static str,
    pub standing: &'static str,
    pub many: &'static str,
    /// The body of a version that is called `v` or `o`, as a column.
    pub body_of_v: &'static str,
    pub body_of_o: &'static str,
    pub close: &'static str,
    pub insert: &'static str,
    pub insert_bodies: &'static str,
    pub head_insert: &'static str,
    pub head_update: &'static str,
    pub head_stays: &'static str,
    pub head_delete: &'static str,
    pub head_all: &'static str,
    pub unsearch: &'static str,
    pub research: &'static str,
    /// The tables of heads, of versions, of bodies, of words.
    pub head: &'static str,
    pub versions: &'static str,
    pub bodies: &'static str,
    pub search: &'static str,
    /// The column by which lists are sorted, as `sort_key`.
    pub key: &'static str,
    /// The list columns, by their names.
    pub columns: &'static str,
}

/// The body of a version, as a column: it stands where the record's first version that has it was written. A
/// version that is not there has none, and one whose body is missing is told by verification as emptied.
macro_rules! body {
    ($bodies:literal, $of:literal) => {
        concat!(
            "COALESCE((SELECT w.body FROM ",
            $bodies,
            " w WHERE w.company_id = ",
            $of,
            ".company_id AND w.id = ",
            $of,
            ".id AND w.seq = ",
            $of,
            ".body_seq), 'null')"
        )
    };
}

/// A version as one of the sides that come together. What was erased from is written anew where it is taken.
macro_rules! side {
    ($of:literal, $body:expr) => {
        concat!(
            $of,
            ".from_seq, ",
            $of,
            ".deleted, ",
            $of,
            ".schema_rev, ",
            $body,
            ", CASE WHEN ",
            $of,
            ".erased_by IS NULL THEN ",
            $of,
            ".body_seq END"
        )
    };
}

macro_rules! texts {
    ($head:literal, $versions:literal, $bodies:literal, $search:literal, $cols:literal, $sets:literal, $key:literal, $unique:literal) => {
        Texts {
            at: concat!("SELECT from_seq, erased_by, schema_rev, body FROM (SELECT v.from_seq, v.erased_by, v.schema_rev, v.deleted, ", body!($bodies, "v"), " AS body FROM ", $versions, " v WHERE v.company_id = $1 AND v.branch_id = 0 AND v.id = $2 AND v.from_seq <= $3 ORDER BY v.from_seq DESC LIMIT 1) t WHERE NOT deleted"),
            overlaid: concat!("SELECT from_seq, erased_by, schema_rev, body, deleted, branch_id FROM (SELECT v.from_seq, v.erased_by, v.to_seq, v.schema_rev, ", body!($bodies, "v"), " AS body, v.deleted, v.branch_id FROM ", $versions, " v WHERE v.company_id = $1 AND v.branch_id = $2 AND v.id = $3 AND v.from_seq <= $4 ORDER BY v.from_seq DESC LIMIT 1) a WHERE to_seq IS NULL OR to_seq > $4 UNION ALL SELECT from_seq, erased_by, schema_rev, body, deleted, branch_id FROM (SELECT v.from_seq, v.erased_by, v.schema_rev, ", body!($bodies, "v"), " AS body, v.deleted, v.branch_id FROM ", $versions, " v WHERE v.company_id = $1 AND v.branch_id = 0 AND v.id = $3 AND v.from_seq <= $5 ORDER BY v.from_seq DESC LIMIT 1) b ORDER BY branch_id DESC LIMIT 1"),
            leaves: concat!("SELECT id, COALESCE(leaf_rev, schema_rev), deleted, body_hash FROM ", $versions, " WHERE company_id = $1 AND from_seq = $2"),
            proven: concat!("SELECT COALESCE(leaf_rev, schema_rev), deleted, ", body!($bodies, "v"), ", body_hash, erased_by FROM ", $versions, " v WHERE v.company_id = $1 AND from_seq = $2 AND id = $3"),
            of_commit: concat!("SELECT id, branch_id, from_seq, deleted, schema_rev, ", body!($bodies, "v"), " AS body FROM ", $versions, " v WHERE v.company_id = $1 AND from_seq = $2 AND id > $3 ORDER BY id LIMIT $4"),
            timeline: concat!("SELECT v.from_seq, v.branch_id, v.deleted, v.schema_rev, ", body!($bodies, "v"), " AS body, c.at, c.cause, c.message, c.author_kind, u.name FROM ", $versions, " v JOIN commits c ON c.company_id = v.company_id AND c.seq = v.from_seq LEFT JOIN users u ON u.id = c.author_id WHERE v.company_id = $1 AND v.branch_id = $2 AND v.id = $3 AND v.from_seq < $4 ORDER BY v.from_seq DESC LIMIT $5"),
            overlaid_timeline: concat!("SELECT v.from_seq, v.branch_id, v.deleted, v.schema_rev, ", body!($bodies, "v"), " AS body, c.at, c.cause, c.message, c.author_kind, u.name FROM ", $versions, " v CROSS JOIN commits c LEFT JOIN users u ON u.id = c.author_id WHERE c.company_id = v.company_id AND c.seq = v.from_seq AND v.company_id = $1 AND (v.branch_id = $2 OR (v.branch_id = 0 AND v.from_seq <= $6)) AND v.id = $3 AND v.from_seq < $4 ORDER BY v.from_seq DESC LIMIT $5"),
            sides_of_branch: concat!("SELECT t.id, ", side!("b", body!($bodies, "b")), ", ", side!("o", concat!("CASE WHEN o.from_seq = b.from_seq THEN NULL ELSE ", body!($bodies, "o"), " END")), ", ", side!("t", body!($bodies, "t")), " FROM ", $versions, " t LEFT JOIN branch_record_bases r ON r.company_id = t.company_id AND r.branch_id = t.branch_id AND r.kind = $6 AND r.record_id = t.id AND r.base_seq > $3 LEFT JOIN ", $versions, " b ON b.company_id = t.company_id AND b.branch_id = 0 AND b.id = t.id AND b.from_seq <= COALESCE(r.base_seq, $3) AND (b.to_seq IS NULL OR b.to_seq > COALESCE(r.base_seq, $3)) LEFT JOIN ", $versions, " o ON o.company_id = t.company_id AND o.branch_id = 0 AND o.id = t.id AND o.to_seq IS NULL WHERE t.company_id = $1 AND t.branch_id = $2 AND t.to_seq IS NULL AND t.id > $4 ORDER BY t.id LIMIT $5"),
            sides_of_commit: concat!("SELECT b.id, ", side!("b", body!($bodies, "b")), ", ", side!("o", concat!("CASE WHEN o.from_seq = b.from_seq THEN NULL ELSE ", body!($bodies, "o"), " END")), ", ", side!("t", body!($bodies, "t")), " FROM ", $versions, " b LEFT JOIN ", $versions, " o ON o.company_id = b.company_id AND o.branch_id = 0 AND o.id = b.id AND o.to_seq IS NULL LEFT JOIN ", $versions, " t ON t.company_id = b.company_id AND t.branch_id = 0 AND t.id = b.id AND t.to_seq = b.from_seq WHERE b.company_id = $1 AND b.branch_id = 0 AND b.from_seq = $2 AND b.id > $3 ORDER BY b.id LIMIT $4"),
            gone_since: concat!("SELECT id FROM ", $versions, " WHERE company_id = $1 AND from_seq > $2 AND branch_id = 0 AND to_seq IS NULL AND deleted"),
            ended_by: concat!("SELECT schema_rev, ", body!($bodies, "v"), ", deleted FROM ", $versions, " v WHERE v.company_id = $1 AND branch_id = $2 AND to_seq = $3"),
            moved_since: concat!("SELECT id FROM ", $versions, " WHERE company_id = $1 AND from_seq > $2 AND +branch_id = 0"),
            unique: $unique,
            released: concat!("UPDATE ", $head, " SET ", $unique, " = ' ' || doc WHERE company_id = "),
            holders: concat!("SELECT ", $unique, ", id FROM ", $head, " WHERE company_id = "),
            of_commits: concat!("SELECT id, from_seq, deleted, schema_rev, body_hash, ", body!($bodies, "v"), ", stub_hash, leaf_rev, erased_by, CAST(CASE WHEN branch_id = 0 OR to_seq IS NULL THEN 1 ELSE 0 END AS BIGINT), (SELECT s.erased_by FROM ", $bodies, " s WHERE s.company_id = v.company_id AND s.id = v.id AND s.seq = v.body_seq), ", $cols, " FROM ", $versions, " v WHERE v.company_id = $1 AND from_seq BETWEEN $2 AND $3"),
            standing: concat!("SELECT id, branch_id, from_seq, to_seq, deleted, schema_rev, CASE WHEN to_seq IS NULL AND branch_id = 0 THEN ", body!($bodies, "v"), " END, erased_by, stub_hash, ", $cols, " FROM ", $versions, " v WHERE v.company_id = $1 ORDER BY branch_id, id, from_seq"),
            many: concat!("SELECT id, from_seq, schema_rev, ", body!($bodies, "v"), ", deleted FROM ", $versions, " v WHERE v.company_id = "),
            body_of_v: body!($bodies, "v"),
            body_of_o: body!($bodies, "o"),
            close: concat!("UPDATE ", $versions, " SET to_seq = "),
            insert: concat!("INSERT INTO ", $versions, " (company_id, branch_id, id, from_seq, deleted, schema_rev, body_seq, body_hash, ", $cols, ") "),
            insert_bodies: concat!("INSERT INTO ", $bodies, " (company_id, id, seq, body) "),
            head_insert: concat!("INSERT INTO ", $head, " (company_id, id, from_seq, ", $cols, ") "),
            head_update: concat!(" ON CONFLICT (company_id, id) DO UPDATE SET from_seq = excluded.from_seq, ", $sets, " RETURNING doc, id"),
            head_stays: concat!("UPDATE ", $head, " SET from_seq = "),
            head_delete: concat!("DELETE FROM ", $head, " WHERE company_id = "),
            head_all: concat!("SELECT id, from_seq, ", $cols, " FROM ", $head, " WHERE company_id = $1 ORDER BY id"),
            unsearch: concat!("DELETE FROM ", $search, " WHERE rowid IN "),
            research: concat!("INSERT INTO ", $search, " (rowid, company_id, words) "),
            head: $head,
            versions: $versions,
            bodies: $bodies,
            search: $search,
            key: concat!(", o.", $key, " AS sort_key"),
            columns: $cols,
        }
    };
}

macro_rules! master {
    ($head:literal, $versions:literal, $bodies:literal, $search:literal) => {
        texts!(
            $head,
            $versions,
            $bodies,
            $search,
            "code, code_key, name, name_key, active",
            "code = excluded.code, code_key = excluded.code_key, name = excluded.name, name_key = excluded.name_key, active = excluded.active",
            "name_key",
            "code_key"
        )
    };
}

/// A record that can be kept.
pub trait Stored: Record {
    const TEXTS: Texts;
    /// Its list columns, in the order of the statements' `$cols`.
    fn columns(&self) -> Vec<Cell>;
    /// The words by which it is found.
    fn search_words(&self, company: CompanyId) -> String;
    /// The key that no other record of main has: what its unique column holds.
    fn claim(&self) -> Option<String> {
        None
    }
    /// What main keeps of a step beside its record.
    fn beside(_: &Step<Self>, _: &TimeZone, _: &mut Beside) {}
}

/// The statements of a kind that is known by its word.
pub fn texts_of(kind: Kind) -> &'static Texts {
    match kind {
        Kind::Order => &Order::TEXTS,
        Kind::Customer => &Customer::TEXTS,
        Kind::Product => &Product::TEXTS,
        Kind::TaxCode => &TaxCode::TEXTS,
    }
}

/// What customers, products and tax codes have in common: a code and a name.
pub trait Master: Stored {
    /// The field that holds the code people type.
    const CODE: &'static str;
    fn code(&self) -> &str;
    fn name(&self) -> &str;
    fn active(&self) -> bool;
    /// What else is searched.
    fn more(&self) -> Vec<&str>;
    /// What stands for an empty form of this kind.
    fn blank(company: &Company) -> serde_json::Value;
}

impl<M: Master> StoredMaster for M {}

/// The columns of every master record.
trait StoredMaster: Master {
    fn master_columns(&self) -> Vec<Cell> {
        let (code, name) = (self.code(), self.name());
        let texts = [code, &fold(code), name, &fold(name)].map(Cell::text);
        texts.into_iter().chain([Cell::Bool(self.active())]).collect()
    }
    fn master_words(&self, company: CompanyId) -> String {
        let mut all = vec![self.code(), self.name()];
        all.extend(self.more());
        words_of(company, &all.join(" "))
    }
}

macro_rules! masters {
    ($($t:ty, $texts:expr;)+) => {$(
        impl Stored for $t {
            const TEXTS: Texts = $texts;
            fn columns(&self) -> Vec<Cell> {
                self.master_columns()
            }
            fn search_words(&self, company: CompanyId) -> String {
                self.master_words(company)
            }
            fn claim(&self) -> Option<String> {
                Some(fold(self.code()))
            }
        }
    )+};
}
masters! {
    Customer, master!("customers", "customer_versions", "customer_bodies", "customer_search");
    Product, master!("products", "product_versions", "product_bodies", "product_search");
    TaxCode, master!("tax_codes", "tax_code_versions", "tax_code_bodies", "tax_code_search");
}

impl Master for Customer {
    const CODE: &'static str = "number";
    fn code(&self) -> &str {
        &self.number
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn active(&self) -> bool {
        self.active
    }
    fn more(&self) -> Vec<&str> {
        let texts = [&self.legal_name, &self.email, &self.tax_id, &self.phone];
        let cities = self.addresses.iter().filter_map(|a| a.address.city.as_deref());
        let known = texts.into_iter().filter_map(|t| t.as_deref()).chain(cities);
        known.chain(self.custom.values().map(String::as_str)).collect()
    }
    fn blank(company: &Company) -> serde_json::Value {
        serde_json::json!({"blocked": "none", "active": true, "currency": company.currency.code()})
    }
}

impl Master for Product {
    const CODE: &'static str = "sku";
    fn code(&self) -> &str {
        &self.sku
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn active(&self) -> bool {
        self.active
    }
    fn more(&self) -> Vec<&str> {
        self.barcode
            .as_deref()
            .into_iter()
            .chain(self.custom.values().map(String::as_str))
            .collect()
    }
    fn blank(_: &Company) -> serde_json::Value {
        serde_json::json!({"active": true, "stocked": true, "unit": "piece"})
    }
}

impl Master for TaxCode {
    const CODE: &'static str = "code";
    fn code(&self) -> &str {
        &self.code
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn active(&self) -> bool {
        self.active
    }
    fn more(&self) -> Vec<&str> {
        vec![]
    }
    fn blank(_: &Company) -> serde_json::Value {
        serde_json::json!({"active": true})
    }
}

impl Stored for Order {
    const TEXTS: Texts = texts!(
        "orders",
        "order_versions",
        "order_bodies",
        "order_search",
        "number, title, draft_ref, kind, state, customer_id, customer_name, customer_key, placed_at, country, currency, net, tax, gross, line_count, promised_date, source, external_ref",
        "number = excluded.number, title = excluded.title, draft_ref = excluded.draft_ref, kind = excluded.kind, state = excluded.state, customer_id = excluded.customer_id, customer_name = excluded.customer_name, customer_key = excluded.customer_key, placed_at = excluded.placed_at, country = excluded.country, currency = excluded.currency, net = excluded.net, tax = excluded.tax, gross = excluded.gross, line_count = excluded.line_count, promised_date = excluded.promised_date, source = excluded.source, external_ref = excluded.external_ref",
        "title",
        "number"
    );

    fn columns(&self) -> Vec<Cell> {
        let sums = self.totals().unwrap_or_default();
        let lines = i64::try_from(self.lines.len()).unwrap_or(i64::MAX);
        vec![
            Cell::Text(self.number.clone()),
            Cell::Text(Some(self.title())),
            Cell::text(&self.draft_ref),
            Cell::text(self.kind.word()),
            Cell::text(self.state.word()),
            Cell::Id(Some(self.customer.0)),
            Cell::text(&self.customer_name),
            Cell::Text(Some(fold(&self.customer_name))),
            Cell::At(self.placed_at),
            Cell::Text(self.country().map(str::to_owned)),
            Cell::text(self.currency.code()),
            Cell::Int(sums.net),
            Cell::Int(sums.tax),
            Cell::Int(sums.gross),
            Cell::Int(lines),
            Cell::Text(self.promised_date.map(|d| d.to_string())),
            Cell::Text(self.source.clone()),
            Cell::Text(self.external_ref.clone()),
        ]
    }

    fn search_words(&self, company: CompanyId) -> String {
        words_of(company, &self.search_text())
    }
    fn claim(&self) -> Option<String> {
        self.number.clone()
    }

    fn beside(step: &Step<Self>, zone: &TimeZone, beside: &mut Beside) {
        beside.order(step, zone);
    }
}
