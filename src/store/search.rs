//! Full text by the databases' own means, made alike: words are folded and tagged here.
use super::db::{Builder, Engine};
use crate::domain::{ids::CompanyId, text::words};
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

/// `AND` every word found, the last one as the beginning of a word. `table` is the search table.
pub fn matching(
    sql: &mut Builder,
    engine: Engine,
    table: &'static str,
    (company, wanted): (CompanyId, &[String]),
) {
    let last = wanted.len().saturating_sub(1);
    let term = |(i, w): (usize, &String)| {
        let token = token(company, w);
        match (engine, i == last) {
            (Engine::Sqlite, true) => format!("\"{token}\"*"),
            (Engine::Sqlite, false) => format!("\"{token}\""),
            (Engine::Postgres, true) => format!("'{token}':*"),
            (Engine::Postgres, false) => format!("'{token}'"),
        }
    };
    let terms: Vec<String> = wanted.iter().enumerate().map(term).collect();
    match engine {
        Engine::Sqlite => {
            sql.push(" AND ").push(table).push(" MATCH ").bind(terms.join(" AND "));
        }
        Engine::Postgres => {
            // how rare a word is decides the plan
            sql.planned_anew().push(" AND s.company_id = ").bind(company);
            sql.push(" AND s.lexemes @@ CAST(").bind(terms.join(" & ")).push(" AS tsquery)");
        }
    }
}
