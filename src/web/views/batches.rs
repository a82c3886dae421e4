//! Batches as people see them.
use super::text::counted;
use crate::{
    domain::{
        batch::{BatchState, settable},
        branch::{Branch, BranchState},
        check::Problems,
        field::find,
        order::Command,
        page::Count,
        policy::Act,
        text::grouped,
    },
    service::{
        batches::{Batch, Shown},
        subjects::Subject,
    },
    web::{
        extract::Visit,
        form::Form,
        paths,
        query::Query,
        view::{Shell, View},
    },
};
use askama::Template;

/// The form of a new one.
#[derive(Template)]
#[template(path = "batches/new.html")]
pub(in crate::web) struct New {
    pub shell: Shell,
    pub kinds: &'static str,
    /// `37 orders`
    pub count: String,
    /// The list that it is of.
    pub back: String,
    pub action: String,
    pub key: String,
    pub choices: Vec<(&'static str, &'static str)>,
    pub chosen: String,
    pub fields: Vec<(&'static str, &'static str)>,
    pub field: String,
    pub value: String,
    pub hint: &'static str,
    pub problems: Problems,
    /// Problems of none of its fields.
    pub others: Vec<String>,
}
impl View for New {}

impl New {
    /// Of the list that a query asks for; `form` is what was typed.
    pub(in crate::web) fn of<R: Subject>(
        visit: &Visit,
        (query, count): (&Query, Count),
        (form, problems): (&Form, Problems),
    ) -> Self {
        let list = paths::list(&visit.base(), R::KIND);
        let has = |name: &str| find(R::FIELDS, name).is_some();
        let mut choices = vec![("set", "Give a field a value")];
        if has("tags") {
            choices.extend([("tag", "Add a tag"), ("untag", "Take a tag away")]);
        }
        if has("unit_price") {
            choices.push(("reprice", "Change the unit price by percent"));
        }
        if has("state") {
            choices.extend(Command::WORDS);
        }
        let known = ["do", "field", "value"];
        let others = problems.0.iter().filter(|(at, _)| !known.contains(&at.as_str()));
        Self {
            shell: Shell::of(visit, "Change many", R::KIND.slug()),
            kinds: R::KIND.plural(),
            count: counted(count, &R::KIND.label().to_lowercase()),
            back: query.url(&list, &[]),
            action: query.url(&paths::batch_of(&visit.base(), R::KIND), &[]),
            key: form.about("_key").map_or_else(|| visit.ctx.next_id().to_string(), str::to_owned),
            choices,
            chosen: form.text("do").to_owned(),
            fields: settable::<R>(R::UNIQUE)
                .filter(|f| visit.ctx.scope.sees(f))
                .map(|f| (f.name, f.label))
                .collect(),
            field: form.text("field").to_owned(),
            value: form.text("value").to_owned(),
            hint: if has("state") {
                "Left empty, it clears the field. Of a cancellation: why."
            } else {
                "Left empty, it clears the field. Of a price: by how many percent, such as 3 or -2.5."
            },
            others: others.map(|(_, what)| what.clone()).collect(),
            problems,
        }
    }
}

/// The list.
#[derive(Template)]
#[template(path = "batches/index.html")]
pub(in crate::web) struct Index {
    pub shell: Shell,
    pub rows: Vec<Row>,
}
impl View for Index {}

/// A batch in a list.
pub(in crate::web) struct Row {
    pub href: String,
    pub told: String,
    pub label: &'static str,
    pub class: &'static str,
    pub changed: String,
    pub failed: String,
    pub when: String,
}

impl Index {
    pub(in crate::web) fn of(visit: &Visit, all: &[(Batch, Branch)]) -> Self {
        let rows = all.iter().map(|(batch, branch)| row(visit, batch, branch)).collect();
        Self { shell: Shell::of(visit, "Batches", "branches"), rows }
    }
}

fn row(visit: &Visit, batch: &Batch, branch: &Branch) -> Row {
    let number = |n: i64| grouped(&n.to_string());
    let (label, class) = match (batch.state, branch.state) {
        (_, BranchState::Merged) => (branch.state.label(), "is-good"),
        (_, BranchState::Discarded) => (branch.state.label(), ""),
        (BatchState::Finished, _) if batch.tally.changed == 0 => ("Nothing to merge", ""),
        (BatchState::Stopped, _) => (batch.state.label(), "is-warn"),
        (state, _) => (state.label(), "is-branch"),
    };
    Row {
        href: paths::batch(&visit.main(), batch.id),
        told: branch.name.clone(),
        label,
        class,
        changed: number(batch.tally.changed),
        failed: number(batch.tally.failed),
        when: batch.started_at.spoken(visit.ctx.now(), &visit.ctx.company.zone()),
    }
}

/// One of them.
#[derive(Template)]
#[template(path = "batches/show.html")]
pub(in crate::web) struct Show {
    pub shell: Shell,
    pub row: Row,
    pub kind: &'static str,
    /// The page of its branch.
    pub branch: String,
    pub running: bool,
    pub why: Option<String>,
    pub counts: Vec<(String, &'static str)>,
    pub failed: i64,
    /// Address, title, why.
    pub failures: Vec<(String, String, String)>,
    pub next: Option<String>,
    pub may_stop: bool,
    /// It is done, and not merged yet.
    pub to_merge: bool,
}
impl View for Show {}

impl Show {
    pub(in crate::web) fn of(visit: &Visit, of: &Shown) -> Self {
        let (batch, open) = (&of.batch, of.branch.state == BranchState::Open);
        let row = row(visit, batch, &of.branch);
        let own = of.branch.is_of(visit.ctx.scope.actor());
        let may = |act| visit.ctx.scope.may(act);
        let mut counts = vec![(row.changed.clone(), "changed")];
        let said = [(batch.tally.same, "were so already"), (batch.tally.failed, "could not be")];
        counts.extend(said.iter().filter(|s| s.0 > 0).map(|s| (grouped(&s.0.to_string()), s.1)));
        let failure = |(id, title, why): &(uuid::Uuid, String, String)| {
            (visit.record(batch.kind, *id), title.clone(), why.clone())
        };
        let running = batch.state == BatchState::Running && open;
        Self {
            shell: Shell::of(visit, row.told.clone(), "branches"),
            kind: batch.kind.label(),
            branch: paths::branch(&visit.main(), &of.branch.slug),
            running,
            why: batch.why.clone().filter(|_| open),
            counts,
            failed: batch.tally.failed,
            failures: of.failures.iter().map(failure).collect(),
            next: of.next.map(|n| format!("{}?from={n}", row.href)),
            may_stop: open && may(Act::OpenBranch) && (own || may(Act::MergeBranch)),
            to_merge: open && batch.state == BatchState::Finished && batch.tally.changed > 0,
            row,
        }
    }
}
