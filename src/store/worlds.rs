//! Which rows a world consists of: the one place where main, its past and branches are told apart.
use super::db::Builder;
use crate::domain::{ids::CompanyId, scope::Scope};

/// A part of a world. Parts share no record, and together they are the world.
#[derive(Clone, Copy, Debug)]
pub enum Arm {
    /// Main as it is now: the heads.
    Heads,
    /// Versions that stood after a commit.
    Versions(Standing),
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

/// The parts of a scope's world: main now is its heads; main at a point, the versions that stood
/// then; a branch, its own versions and what it did not touch of main at its base.
pub fn arms(scope: &Scope) -> Vec<Arm> {
    let at = scope.at().unwrap_or(i64::MAX);
    match scope.world().branch() {
        None if scope.is_live() => vec![Arm::Heads],
        None => vec![Arm::Versions(Standing { number: 0, at, but: None })],
        Some(branch) => {
            let own = Standing { number: branch.id, at, but: None };
            let rest = Standing { number: 0, at: branch.base, but: Some((branch.id, at)) };
            vec![Arm::Versions(own), Arm::Versions(rest)]
        }
    }
}

/// Narrows `o`, the table of versions whose name is given, to those that stand.
pub fn stand(sql: &mut Builder, company: CompanyId, (table, arm): (&'static str, Standing)) {
    sql.push(" WHERE o.company_id = ").bind(company);
    sql.push(" AND o.branch_id = ").bind(arm.number);
    sql.push(" AND o.from_seq <= ").bind(arm.at);
    sql.push(" AND (o.to_seq IS NULL OR o.to_seq > ").bind(arm.at);
    sql.push(") AND NOT o.deleted");
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
        sql.push(if i == 0 { ") a" } else { ") b" });
    }
}
