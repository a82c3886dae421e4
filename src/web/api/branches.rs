//! Branches for programs: opened, planned, decided, merged, brought up to date, put away.
use super::body::{Body, changes, flag, only_fields};
use crate::{
    domain::{
        branch::{Branch, Visibility},
        history::merge::{Choice, Conflict},
        money::Currency,
    },
    service::{
        branches::{self, Listed, NewBranch},
        comments::{self, Comment},
        error::Error,
        merge::{self, Acting, Job, Only, Outcome, Outline, Record, Review, Told, Verdict},
        reviewers::{self, Asked},
        viewers,
    },
    web::{
        extract::Visit,
        problem::Result,
        query::{BRANCH_PARAMS, Query, placed},
    },
};
use axum::{Json, extract::Path, http::StatusCode, response::IntoResponse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Slug = Path<(String, String, String)>;

/// Records of a plan told at once.
const TOLD: usize = 50;

fn branch_json(b: &Branch) -> Value {
    json!({
        "slug": b.slug, "name": b.name, "note": b.note, "state": b.state,
        "visibility": b.visibility, "owner": b.owner, "base": b.base, "head": b.head,
        "opened_at": b.opened_at, "changed_at": b.changed_at,
        "merged": b.merged.as_ref().map(|m| m.0),
    })
}

fn listed(l: &Listed) -> Value {
    let mut out = branch_json(&l.branch);
    out["records"] = json!(l.tally.size);
    out["behind"] = json!(l.tally.behind);
    out
}

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(BRANCH_PARAMS)?;
    let which = query.which_branches();
    let (all, next) = branches::list(&visit.ctx, (which, query.place()?)).await?;
    let items: Vec<Value> = all.iter().map(listed).collect();
    Ok(Json(json!({"items": items, "next": next.map(placed)})).into_response())
}

pub(in crate::web) async fn create(visit: Visit, Body(given): Body) -> Result {
    let text = |name: &str| given[name].as_str().unwrap_or_default();
    let visibility = match text("visibility") {
        "" => Visibility::Private,
        word => word.parse().map_err(|_| Error::at("visibility", "Say private or company"))?,
    };
    let new =
        NewBranch { name: text("name"), note: text("note"), visibility, copy_of: text("copy_of") };
    let branch = branches::open(&visit.ctx, new).await?;
    Ok((StatusCode::CREATED, Json(branch_json(&branch))).into_response())
}

pub(in crate::web) async fn show(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    one(&visit, &slug).await
}

pub(in crate::web) async fn comment(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    let text = given["text"].as_str().unwrap_or_default();
    let said = comments::say(&visit.ctx, &slug, text).await?;
    Ok((StatusCode::CREATED, Json(comment_json(&said))).into_response())
}

pub(in crate::web) async fn take_back(
    visit: Visit,
    Path((_, _, slug, id)): Path<(String, String, String, String)>,
) -> Result {
    comments::take_back(&visit.ctx, &slug, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn comment_json(c: &Comment) -> Value {
    json!({"id": c.id, "user": c.user, "name": c.name, "at": c.at, "text": c.text, "erased": c.erased})
}

async fn one(visit: &Visit, slug: &str) -> Result {
    let found = branches::find(&visit.ctx, slug).await?;
    let from = Query::of(&visit.uri).get("from").parse().unwrap_or(0);
    let (said, earlier) = comments::of(&visit.ctx, found.branch.id, from).await?;
    let mut out = listed(&found);
    let standing = branches::standing(&visit.ctx, &found.branch).await?;
    out["base_at"] = json!(standing.map(|s| s.since));
    out["changed_on_both"] = json!(standing.map(|s| s.met));
    let asked = reviewers::asked(&visit.ctx, &found.branch).await?;
    out["reviewers"] = asked.iter().map(asked_json).collect();
    let items: Vec<Value> = said.iter().map(comment_json).collect();
    out["comments"] = json!({"items": items, "next": earlier});
    Ok(Json(out).into_response())
}

fn asked_json(a: &Asked) -> Value {
    json!({"user": a.user, "name": a.name, "asked_at": a.at, "answered": a.answered})
}

/// What merging would do, or with `?for=sync` bringing it up to date; `?only=order:id` for some records.
pub(in crate::web) async fn plan(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    let query = Query::of(&visit.uri);
    let only = Only::parse(query.all("only"))?;
    let job = Job::asked(&visit.ctx, &slug, (query.get("for"), only)).await?;
    looked_at(&visit, job).await
}

/// What taking a commit back would do.
pub(in crate::web) async fn revert_plan(visit: Visit, Path((_, _, seq)): Slug) -> Result {
    let job = Job::of_commit(&seq)?;
    looked_at(&visit, job).await
}

async fn looked_at(visit: &Visit, job: Job) -> Result {
    let acting = merge::acting(&visit.ctx, &job);
    let plan = merge::look(&visit.ctx, job).await?;
    told(visit, &plan, &acting).await
}

/// What was begun and goes on, or how it ended for a program that did not wait.
fn stands(acting: &Acting) -> Value {
    match acting {
        Acting::GoesOn => json!({"goes_on": true}),
        Acting::Ended(Ok(Outcome::Done(seq))) => json!({"goes_on": false, "commit": seq}),
        Acting::Ended(Ok(Outcome::Nothing)) => json!({"goes_on": false, "commit": null}),
        Acting::Ended(Err(why)) => json!({"goes_on": false, "why": why}),
        Acting::Nothing => Value::Null,
    }
}

async fn told(visit: &Visit, plan: &Outline, acting: &Acting) -> Result {
    let query = Query::of(&visit.uri);
    let from = query.get("from").parse().unwrap_or(0);
    let which = match query.get("show") {
        "conflicts" => Told::Conflicts,
        _ => Told::Changes,
    };
    let (records, all) = plan.told(&visit.ctx, which, (from, TOLD)).await?;
    let s = &plan.summary;
    let review = merge::review(&visit.ctx, plan).await?;
    Ok(Json(json!({
        "plan": plan.name, "created": s.created, "changed": s.changed, "deleted": s.deleted,
        "conflicts": s.conflicts, "money": amounts(&s.money), "acting": stands(acting),
        "denied": plan.denied.iter().map(|d| json!({"kind": d.kind, "title": d.title, "fields": d.fields, "right": d.act.word()})).collect::<Vec<_>>(),
        "review": review.as_ref().map(reviewed),
        "checks": plan.verdicts.iter().map(checked).collect::<Vec<_>>(),
        "items": records.iter().map(record).collect::<Vec<_>>(),
        "next": Some(from + TOLD).filter(|next| *next < all),
    }))
    .into_response())
}

/// By currency, as API amounts are.
fn amounts(sums: &BTreeMap<String, i64>) -> Value {
    let plain = |(code, sum): (&String, &i64)| {
        code.parse::<Currency>().ok().map(|c| (code.clone(), json!(c.plain(*sum))))
    };
    sums.iter().filter_map(plain).collect()
}

fn checked(v: &Verdict) -> Value {
    let record = |(kind, id, title)| json!({"kind": kind, "id": id, "title": title});
    json!({
        "check": v.check.word(), "label": v.check.label(), "binding": v.binding, "failed": v.failed,
        "records": v.records.iter().cloned().map(record).collect::<Vec<_>>(),
    })
}

fn reviewed(r: &Review) -> Value {
    let given = r.given.iter().map(|g| {
        json!({"user": g.user, "name": g.name, "at": g.at, "void": g.void, "changed_since": g.since})
    });
    json!({
        "needed": r.needed, "had": r.had, "approvals": given.collect::<Vec<_>>(),
        "waiting": r.waiting.iter().map(asked_json).collect::<Vec<_>>(),
    })
}

fn record(r: &Record) -> Value {
    let conflicts = r.conflicts.iter().map(|(c, choice)| conflict(c, choice.as_ref()));
    json!({
        "kind": r.kind, "id": r.id, "title": r.title, "effect": r.effect.word(),
        "changes": changes(&r.changes), "conflicts": conflicts.collect::<Vec<_>>(),
        "notices": r.notices.iter().map(|n| json!({"what": n.word(), "path": n.path()})).collect::<Vec<_>>(),
    })
}

fn conflict(c: &Conflict, choice: Option<&Choice>) -> Value {
    let choices: Vec<&str> = [("ours", c.may_keep), ("theirs", c.may_take), ("value", c.may_type)]
        .into_iter()
        .filter_map(|(word, may)| may.then_some(word))
        .collect();
    let decided = choice.map(|choice| match choice {
        Choice::Ours => "ours",
        Choice::Theirs => "theirs",
        Choice::Value(_) => "value",
    });
    json!({
        "path": c.path, "label": c.label, "kind": c.kind.word(), "why": c.why, "base": c.base,
        "ours": c.ours, "theirs": c.theirs, "choices": choices, "decided": decided,
    })
}

/// `{"kind", "id", "path"}` names one conflict, `{"all": "field"}` all of a kind, of the merge or `for` the
/// sync; `choice` is `ours`, `theirs` or `value` with a `value`.
pub(in crate::web) async fn resolve(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    let word = given["for"].as_str().unwrap_or_default();
    let job = Job::asked(&visit.ctx, &slug, (word, only(&given)?)).await?;
    decided(&visit, job, &given).await
}

pub(in crate::web) async fn resolve_revert(
    visit: Visit,
    Path((_, _, seq)): Slug,
    Body(given): Body,
) -> Result {
    decided(&visit, Job::of_commit(&seq)?, &given).await
}

async fn decided(visit: &Visit, job: Job, given: &Value) -> Result {
    only_fields(given, &["all", "kind", "id", "path", "choice", "value", "for", "only"])?;
    if !matches!(given["for"].as_str().unwrap_or_default(), "" | "merge" | "sync") {
        return Err(Error::at("for", "Say merge or sync").into());
    }
    let decision = merge::decision(|name| given[name].as_str().unwrap_or_default())?;
    let n = merge::decide(&visit.ctx, job, decision).await?;
    Ok(Json(json!({"decided": n})).into_response())
}

fn agreed(given: &Value) -> Result<&str, Error> {
    let missing = || Error::at("plan", "Name the plan that this was decided on");
    given["plan"].as_str().filter(|p| !p.is_empty()).ok_or_else(missing)
}

/// Does what a plan said; 202 if it goes on for longer than an answer waits.
async fn carried_out(visit: &Visit, job: Job, (plan, keep): (&str, bool)) -> Result {
    let done = merge::carry_out(&visit.ctx, job, (plan.to_owned(), keep)).await?;
    Ok(match done {
        Some(outcome) => told_of(outcome).into_response(),
        None => (StatusCode::ACCEPTED, Json(json!({"commit": null}))).into_response(),
    })
}

fn told_of(outcome: Outcome) -> Json<Value> {
    let commit = match outcome {
        Outcome::Done(seq) => Some(seq),
        Outcome::Nothing => None,
    };
    Json(json!({ "commit": commit }))
}

/// The records of the branch that a body means: all, or `"only": ["order:id"]`, or `"order:id,product:id"`.
fn only(given: &Value) -> Result<Only, Error> {
    match &given["only"] {
        Value::Null => Ok(Only::default()),
        Value::String(text) => Only::parse([text.as_str()]),
        Value::Array(each) => Only::parse(each.iter().map(|v| v.as_str().unwrap_or("?"))),
        _ => Err(Error::at("only", "Name records as a list of kind:id")),
    }
}

/// The body names the `plan`; `keep_open` leaves the branch open on the new main, `only` the records
/// that the plan was asked for.
pub(in crate::web) async fn merge(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    only_fields(&given, &["plan", "only", "keep_open"])?;
    let keep = flag(&given, "keep_open")?;
    let job = Job::merge(&visit.ctx, &slug, only(&given)?).await?;
    carried_out(&visit, job, (agreed(&given)?, keep)).await
}

/// The body names the `plan` that is approved.
pub(in crate::web) async fn approve(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    only_fields(&given, &["plan", "only"])?;
    let job = Job::merge(&visit.ctx, &slug, only(&given)?).await?;
    merge::approve(&visit.ctx, &job, agreed(&given)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(in crate::web) async fn withdraw(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    merge::withdraw(&visit.ctx, &slug).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(in crate::web) async fn sync(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    only_fields(&given, &["plan"])?;
    let job = Job::sync(&visit.ctx, &slug).await?;
    carried_out(&visit, job, (agreed(&given)?, false)).await
}

/// Takes back the sync that was the branch's last commit.
pub(in crate::web) async fn undo_sync(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    Ok(told_of(merge::undo_sync(&visit.ctx, &slug).await?).into_response())
}

pub(in crate::web) async fn revert(
    visit: Visit,
    Path((_, _, seq)): Slug,
    Body(given): Body,
) -> Result {
    only_fields(&given, &["plan"])?;
    carried_out(&visit, Job::of_commit(&seq)?, (agreed(&given)?, false)).await
}

pub(in crate::web) async fn discard(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    branches::discard(&visit.ctx, &slug).await?;
    one(&visit, &slug).await
}

pub(in crate::web) async fn reopen(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    branches::reopen(&visit.ctx, &slug).await?;
    one(&visit, &slug).await
}

/// Who sees it: `{"visibility": "company"}`, `{"user": id}` names a person, `{"remove": id}` takes one off.
pub(in crate::web) async fn people(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    let change = viewers::change(|name| given[name].as_str().unwrap_or_default())?;
    viewers::set(&visit.ctx, &slug, change).await?;
    one(&visit, &slug).await
}

/// Who is asked to review it: `{"reviewer": id}` asks a person, `{"dismiss": id}` takes one off.
pub(in crate::web) async fn reviewers(
    visit: Visit,
    Path((_, _, slug)): Slug,
    Body(given): Body,
) -> Result {
    let change = reviewers::change(|name| given[name].as_str().unwrap_or_default())?;
    reviewers::set(&visit.ctx, &slug, change).await?;
    one(&visit, &slug).await
}
