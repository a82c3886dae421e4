//! Where a record's values come from, and what lies between two of its versions, for programs.
use super::body::changes as told;
use crate::{
    service::{
        history::Step,
        origins::{self, Origin},
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        handlers::origins::two,
        problem::Result,
        query::Query,
    },
};
use axum::{Json, extract::Path, response::IntoResponse};
use serde_json::{Value, json};

type Id = Path<(String, String, String)>;

/// The `versions`, the newest first; who made each value: the `origins` of every value, and with `from` and `to` the `changes` between.
pub(in crate::web) async fn show<R: Subject>(visit: Visit, path: Id) -> Result {
    let id = id(path)?;
    let found = origins::of::<R>(&visit.ctx, id).await?;
    let changes = match two(&Query::of(&visit.uri))? {
        None => Value::Null,
        Some(two) => {
            let (changes, _) = origins::between::<R>(&visit.ctx, id, two).await?;
            told(&changes)
        }
    };
    let origins: Vec<Value> = found.each.iter().map(origin).collect();
    let versions: Vec<Value> = found.steps.iter().map(version).collect();
    Ok(Json(json!({
        "version": found.now.seq, "versions": versions, "origins": origins, "changes": changes,
    }))
    .into_response())
}

fn version(s: &Step) -> Value {
    json!({
        "commit": s.from_seq, "at": s.at, "cause": s.cause, "message": s.message, "name": s.name,
        "author_kind": s.author_kind, "deleted": s.deleted,
    })
}

fn origin(o: &Origin) -> Value {
    // a commit of a branch is told by that branch alone
    let of = |s: &Step| {
        let commit = Some(s.from_seq).filter(|_| s.branch_id == 0);
        json!({"name": s.name, "author_kind": s.author_kind, "at": s.at, "commit": commit})
    };
    let branch = o.on_branch.as_ref();
    json!({
        "path": o.change.path, "label": o.change.label, "value": o.change.after,
        "by": of(branch.map_or(&o.step, |(_, step)| step)),
        "branch": branch.map(|(merged, _)| &merged.name),
        "merged_by": branch.map(|_| of(&o.step)),
    })
}
