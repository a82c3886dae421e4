//! Full text by the databases' own means, made alike: words are folded and tagged here.
use super::db::{Builder, Engine};
use crate::domain::{field::Kind, ids::CompanyId, text::words};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A word as indexed: the company's tag before it, so that one company's words are a stretch of
/// their own, and letters beyond `a–z 0–9` spelled out, so that both databases see one token.
fn token(company: CompanyId, word: &str) -> String {
    let mut out = company.0.simple().to_string().split_off(24);
    for c in word.chars().take(40) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            let _ = write!(out, "u{:x}", u32::from(c));
        }
    }
    out
}

/// The index entry of a text: each word once.
pub fn words_of(company: CompanyId, text: &str) -> String {
    let all: BTreeSet<String> = words(text).iter().map(|w| token(company, w)).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// The search index of a kind of record.
pub struct Index {
    /// On both databases: a row id, the company, the words.
    table: &'static str,
    /// SQLite's list of the words in it.
    terms: &'static str,
}

impl Index {
    pub fn table(&self) -> &'static str {
        self.table
    }
}

/// The index of words of the past and of branches, of all kinds.
pub const SPANS: Index = Index { table: "span_search", terms: "span_search_terms" };

/// The index of a kind.
pub fn index(kind: Kind) -> Index {
    match kind {
        Kind::Order => Index { table: "order_search", terms: "order_search_terms" },
        Kind::Customer => Index { table: "customer_search", terms: "customer_search_terms" },
        Kind::Product => Index { table: "product_search", terms: "product_search_terms" },
        Kind::TaxCode => Index { table: "tax_code_search", terms: "tax_code_search_terms" },
    }
}

/// `AND` every word found, the last one as the beginning of a word.
pub fn matching(
    sql: &mut Builder,
    engine: Engine,
    index: &Index,
    (company, wanted): (CompanyId, &[String]),
) {
    let Some((last, whole)) = wanted.split_last() else { return };
    let (last, whole) = (token(company, last), whole.iter().map(|w| token(company, w)));
    match engine {
        Engine::Sqlite => {
            let whole: Vec<String> = whole.map(|t| format!("\"{t}\" AND ")).collect();
            sql.push(" AND ").push(index.table).push(" MATCH ");
            beginning(sql, index, (whole.concat(), &last));
        }
        Engine::Postgres => {
            let whole: Vec<String> = whole.map(|t| format!("'{t}' & ")).collect();
            // how rare a word is decides the plan
            sql.planned_anew().push(" AND s.company_id = ").bind(company);
            sql.push(" AND s.lexemes @@ CAST(").bind(format!("{}'{last}':*", whole.concat()));
            sql.push(" AS tsquery)");
        }
    }
}

/// FTS5 gathers every record of every word with a beginning before it gives the first; for a whole
/// word it gives them one by one. So a beginning of few words is asked as those words.
fn beginning(sql: &mut Builder, index: &Index, (whole, last): (String, &str)) {
    let end = format!("{last}~");
    sql.push("(SELECT ").bind(whole);
    sql.push(" || CASE WHEN COUNT(*) BETWEEN 1 AND 32 THEN '(\"' || group_concat(term, '\" OR \"') || '\")' ELSE ");
    sql.bind(format!("\"{last}\"*"));
    sql.push(" END FROM (WITH RECURSIVE next (term) AS (SELECT (SELECT term FROM ");
    sql.push(index.terms).push(" WHERE term >= ").bind(last.to_owned());
    sql.push(" LIMIT 1) UNION ALL SELECT (SELECT t.term FROM ").push(index.terms);
    sql.push(" t WHERE t.term >= next.term || char(1) LIMIT 1) FROM next WHERE next.term < ");
    sql.bind(end.clone()).push(" LIMIT 34) SELECT term FROM next WHERE term < ").bind(end);
    sql.push(") found)");
}
