//! Where a record's values come from, and two of its versions side by side.
use crate::{
    service::{
        error::Error,
        history::Step,
        origins::{self, Origin},
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::origins::History,
    },
};
use axum::{Json, extract::Path, response::IntoResponse};
use serde_json::{Value, json};

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn show<R: Subject>(visit: Visit, path: Id) -> Result {
    let id = id(path)?;
    let found = origins::of::<R>(&visit.ctx, id).await?;
    let view = History::of(&visit, id, &found);
    let chosen = match two(&Query::of(&visit.uri)) {
        Ok(None) => return Ok(page(&visit.hx, &view)),
        Ok(Some(two)) => origins::between::<R>(&visit.ctx, id, two).await,
        Err(e) => Err(e),
    };
    match chosen {
        Ok(between) => Ok(page(&visit.hx, &view.with(&visit, &between))),
        Err(Error::Invalid(problems)) => {
            let status = form_status(&problems, &[]);
            Ok(show_as(status, &visit.hx, &History { problems, ..view }))
        }
        Err(e) => Err(e.into()),
    }
}

/// The two versions that are compared, if any are.
fn two(query: &Query) -> std::result::Result<Option<(i64, i64)>, Error> {
    if query.get("from").is_empty() && query.get("to").is_empty() {
        return Ok(None);
    }
    let number = |name: &str| {
        let wrong = |_| Error::at(name, "Choose a version, by the number of its change");
        query.get(name).parse::<i64>().map_err(wrong)
    };
    Ok(Some((number("from")?, number("to")?)))
}

/// The same for programs: the `origins` of every value, and with `from` and `to` the `changes` between.
pub(in crate::web) async fn tell<R: Subject>(visit: Visit, path: Id) -> Result {
    let id = id(path)?;
    let found = origins::of::<R>(&visit.ctx, id).await?;
    let changes = match two(&Query::of(&visit.uri))? {
        None => Value::Null,
        Some(two) => {
            let (changes, _) = origins::between::<R>(&visit.ctx, id, two).await?;
            let each = changes.iter().map(
                |c| json!({"path": c.path, "label": c.label, "before": c.before, "after": c.after}),
            );
            each.collect()
        }
    };
    let origins: Vec<Value> = found.each.iter().map(origin).collect();
    Ok(Json(json!({"version": found.now.seq, "origins": origins, "changes": changes}))
        .into_response())
}

fn origin(o: &Origin) -> Value {
    let of = |s: &Step| json!({"name": s.name, "author_kind": s.author_kind, "at": s.at, "commit": s.from_seq});
    let branch = o.on_branch.as_ref();
    json!({
        "path": o.change.path, "label": o.change.label, "value": o.change.after,
        "by": of(branch.map_or(&o.step, |(_, step)| step)),
        "branch": branch.map(|(merged, _)| &merged.name),
        "merged_by": branch.map(|_| of(&o.step)),
    })
}
