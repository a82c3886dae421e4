//! Which rows a world consists of: the one place where main, its past and branches are told apart.
use super::{
    db::{Builder, Engine},
    kinds::Texts,
    search,
};
use crate::domain::{field::Kind, ids::CompanyId, scope::Scope};

/// A part of a world. Parts share no record, and together they are the world.
#[derive(Clone, Copy, Debug)]
pub enum Arm {
    /// Main as it is now: the heads.
    Heads,
    /// Versions that stood after a commit.
    Versions(Standing),
    /// Of those, the ones that the words of main's heads find: they have had them since.
    HeadWords(Standing),
    /// Of those, the ones that words find that were theirs then.
    SpanWords(Standing),
}

/// The versions of a world's number that stood after a commit.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// 0 for main.
    pub number: i64,
    /// [`i64::MAX`] for now.
    pub at: i64,
    /// Without the records of which that number had versions of its own then.
    pub but: Option<(i64, i64)>,
}

/// What stands of a scope's world: main at its point, or a branch's own versions and what it did not
/// touch of main at its base.
pub(super) fn standings(scope: &Scope) -> (Option<Standing>, Standing) {
    let at = scope.at().unwrap_or(i64::MAX);
    match scope.world().branch() {
        None => (None, Standing { number: 0, at, but: None }),
        Some(branch) => {
            let own = Standing { number: branch.id, at, but: None };
            (Some(own), Standing { number: 0, at: branch.base, but: Some((branch.id, at)) })
        }
    }
}

/// The parts of a scope's world; with words, of what they find in it.
pub fn arms(scope: &Scope, words: bool) -> Vec<Arm> {
    if scope.is_live() {
        return vec![Arm::Heads];
    }
    let (own, main) = standings(scope);
    if !words {
        return own.into_iter().chain([main]).map(Arm::Versions).collect();
    }
    let spans = own.into_iter().chain([main]).map(Arm::SpanWords);
    spans.chain([Arm::HeadWords(main)]).collect()
}

/// The records of a kind that are looked at, and the words that are to find them.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    pub company: CompanyId,
    pub kind: Kind,
    pub texts: &'a Texts,
    pub words: &'a [String],
}

/// FROM and WHERE of an arm. Its rows are `o`.
pub fn narrow(sql: &mut Builder, engine: Engine, (of, arm): (Of<'_>, Arm)) {
    let matching = |sql: &mut Builder, index| {
        search::matching(sql, engine, &index, (of.company, of.words));
    };
    match arm {
        Arm::Heads if of.words.is_empty() => {
            sql.push(" FROM ").push(of.texts.head).push(" o WHERE o.company_id = ");
            sql.bind(of.company);
        }
        Arm::Heads => {
            // SQLite keeps the order of a CROSS JOIN: the words lead, or it asks them of every record
            sql.push(" FROM ").push(of.texts.search).push(" s CROSS JOIN ").push(of.texts.head);
            sql.push(" o WHERE o.doc = s.rowid AND o.company_id = ").bind(of.company);
            matching(sql, search::index(of.kind));
        }
        Arm::Versions(arm) => {
            sql.push(" FROM ").push(of.texts.versions).push(" o");
            stand(sql, of.company, (of.texts.versions, arm));
        }
        Arm::HeadWords(arm) => {
            sql.push(" FROM ").push(of.texts.search).push(" s CROSS JOIN ").push(of.texts.head);
            sql.push(" h CROSS JOIN ").push(of.texts.versions).push(" o");
            stand(sql, of.company, (of.texts.versions, arm));
            sql.push(" AND h.doc = s.rowid AND h.company_id = o.company_id AND h.id = o.id");
            matching(sql, search::index(of.kind));
            span(sql.push(" AND NOT EXISTS (SELECT 1 FROM word_spans q"), (of, arm));
            sql.push(")");
        }
        Arm::SpanWords(arm) => {
            sql.push(" FROM span_search s CROSS JOIN word_spans p CROSS JOIN ");
            sql.push(of.texts.versions).push(" o");
            stand(sql, of.company, (of.texts.versions, arm));
            sql.push(" AND p.doc = s.rowid AND p.company_id = o.company_id AND p.kind = ");
            sql.bind(of.kind.word()).push(" AND p.branch_id = o.branch_id AND p.id = o.id");
            sql.push(" AND p.to_seq > ").bind(arm.at.min(i64::MAX - 1));
            matching(sql, search::SPANS);
            span(sql.push(" AND NOT EXISTS (SELECT 1 FROM word_spans q"), (of, arm));
            sql.push(" AND q.to_seq < p.to_seq)");
        }
    }
}

/// Words that `o` had until after the arm's commit.
fn span(sql: &mut Builder, (of, arm): (Of<'_>, Standing)) {
    sql.push(" WHERE q.company_id = ").bind(of.company).push(" AND q.kind = ");
    sql.bind(of.kind.word()).push(" AND q.branch_id = ").bind(arm.number);
    sql.push(" AND q.id = o.id AND q.to_seq > ").bind(arm.at.min(i64::MAX - 1));
}

/// WHERE of versions `o`, the name of whose table is given: those that stand.
pub fn stand(sql: &mut Builder, company: CompanyId, (table, arm): (&'static str, Standing)) {
    sql.push(" WHERE NOT o.deleted");
    standing(sql, company, (table, arm));
}

/// The same of deletions too, after a WHERE.
pub(super) fn standing(
    sql: &mut Builder,
    company: CompanyId,
    (table, arm): (&'static str, Standing),
) {
    sql.push(" AND o.company_id = ").bind(company);
    sql.push(" AND o.branch_id = ").bind(arm.number);
    // with the plus it leads no index: without statistics SQLite takes the one by commits, and sorts
    sql.push(" AND +o.from_seq <= ").bind(arm.at);
    sql.push(" AND (o.to_seq IS NULL OR o.to_seq > ").bind(arm.at);
    sql.push(")");
    if let Some((number, at)) = arm.but {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM ").push(table);
        sql.push(" own WHERE own.company_id = ").bind(company);
        sql.push(" AND own.branch_id = ").bind(number).push(" AND own.id = o.id");
        sql.push(" AND own.from_seq <= ").bind(at);
        sql.push(" AND (own.to_seq IS NULL OR own.to_seq > ").bind(at).push("))");
    }
}

/// One select per arm, as one with the named columns. Each arm brings its own filter, order and limit,
/// which the databases do not push into a union by themselves.
pub fn union(
    sql: &mut Builder,
    (columns, arms): (&'static str, &[Arm]),
    mut each: impl FnMut(&mut Builder, Arm),
) {
    if let [one] = arms {
        return each(sql, *one);
    }
    for (i, arm) in arms.iter().enumerate() {
        sql.push(if i == 0 { "SELECT " } else { " UNION ALL SELECT " });
        sql.push(columns).push(" FROM (");
        each(sql, *arm);
        sql.push(") t");
    }
}
