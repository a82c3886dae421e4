//! Customers, products and tax codes: the same seven pages for each kind.
use crate::{
    domain::{check::Problems, field::Ty, record::Record},
    service::{
        error::Error,
        history,
        records::{self, Saved},
        references,
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths::record,
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::{
            fields::{ClashView, Showing},
            records::{Filled, Index, Show, Shown, form},
        },
    },
};
use axum::extract::Path;
use serde_json::{Value, json};
use uuid::Uuid;

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn index<M: Shown>(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let filter = query.masters()?;
    let (rows, count) = records::list::<M>(&visit.ctx, &filter).await?;
    let view = Index::of(&visit, (&query, filter.only_active), (rows, count));
    Ok(page(&visit.hx, &view))
}

pub(in crate::web) async fn show<M: Shown>(visit: Visit, path: Id) -> Result {
    let before = Query::of(&visit.uri).before()?;
    let story = history::story::<M>(&visit.ctx, id(path)?, before).await?;
    let value = references::spelled::<M>(&visit.ctx, story.now.record.value()).await?;
    Ok(page(&visit.hx, &Show::of(&visit, &story, &value)))
}

pub(in crate::web) async fn new<M: Shown>(visit: Visit) -> Result {
    let (blank, key) = (M::blank(&visit.ctx.company), visit.ctx.next_id().to_string());
    let (problems, clash) = (Problems::default(), vec![]);
    let filled = Filled { id: None, version: 0, key, value: &blank, problems, clash };
    Ok(page(&visit.hx, &form::<M>(&visit, filled)))
}

pub(in crate::web) async fn edit<M: Shown>(visit: Visit, path: Id) -> Result {
    let id = id(path)?;
    let now = records::show::<M>(&visit.ctx, id).await?;
    let value = references::spelled::<M>(&visit.ctx, now.record.value()).await?;
    let filled = Filled {
        id: Some(id),
        version: now.seq,
        key: String::new(),
        value: &value,
        problems: Problems::default(),
        clash: vec![],
    };
    Ok(page(&visit.hx, &form::<M>(&visit, filled)))
}

pub(in crate::web) async fn create<M: Shown>(visit: Visit, mut posted: Form) -> Result {
    if let Some((given, problems)) = unsaved::<M>(&visit, &posted) {
        return again::<M>(&visit, (None, &posted), given, (problems, vec![])).await;
    }
    match records::create::<M>(&visit.ctx, &posted.given, posted.about("_key")).await {
        Ok(now) => Ok(visit.hx.go(&record(&visit.base(), M::KIND, now.record.id()), "created")),
        Err(e) => {
            let problems = kept(&visit, &mut posted, e)?;
            again::<M>(&visit, (None, &posted), posted.given.clone(), (problems, vec![])).await
        }
    }
}

pub(in crate::web) async fn update<M: Shown>(visit: Visit, path: Id, mut posted: Form) -> Result {
    let id = id(path)?;
    if let Some((given, problems)) = unsaved::<M>(&visit, &posted) {
        return again::<M>(&visit, (Some(id), &posted), given, (problems, vec![])).await;
    }
    let (url, given) = (record(&visit.base(), M::KIND, id), with_lists::<M>(&posted.given));
    match records::save::<M>(&visit.ctx, id, posted.version()?, &given).await {
        Ok(Saved::Conflict(clash)) => clashed::<M>(&visit, (id, posted), clash).await,
        Ok(saved) => Ok(visit.hx.go(&url, saved.word())),
        Err(e) => {
            let problems = kept(&visit, &mut posted, e)?;
            again::<M>(&visit, (Some(id), &posted), posted.given.clone(), (problems, vec![])).await
        }
    }
}

/// What a form tells that comes back with what was typed, and may be sent again.
///
/// # Errors
/// Those that have a page of their own.
pub(in crate::web) fn kept(visit: &Visit, posted: &mut Form, e: Error) -> Result<Problems, Error> {
    match e {
        Error::Invalid(problems) => Ok(problems),
        Error::Refused(why) => Ok(Problems::at("", why)),
        Error::KeyReused => {
            posted.about.insert("_key".into(), Value::String(visit.ctx.next_id().to_string()));
            let why = "This form was sent before, with something else in it, and that was done. Send it again to have both.";
            Ok(Problems::at("", why))
        }
        e => Err(e),
    }
}

/// A form sends every list whole: one that is not there has no rows left.
pub(in crate::web) fn with_lists<R: Record>(given: &Value) -> Value {
    let mut given = given.clone();
    for f in R::FIELDS.iter().filter(|f| f.input && matches!(f.ty, Ty::Parts(..))) {
        if given.get(f.name).is_none() {
            given[f.name] = json!([]);
        }
    }
    given
}

async fn clashed<M: Shown>(
    visit: &Visit,
    (id, mut posted): (Uuid, Form),
    clash: records::Clash,
) -> Result {
    let cards = cards(visit, &mut posted, &clash).await?;
    again::<M>(visit, (Some(id), &posted), clash.mine, (Problems::default(), cards)).await
}

/// The conflict for people. The next save is made on what stands now: having seen theirs, the
/// person decides.
pub(in crate::web) async fn cards(
    visit: &Visit,
    posted: &mut Form,
    clash: &records::Clash,
) -> Result<Vec<ClashView>> {
    let zone = visit.ctx.company.zone();
    let titles = clash.titles(&visit.ctx).await?;
    let showing = Showing { zone: &zone, titles: &titles };
    posted.about.insert("_version".into(), Value::String(clash.seq.to_string()));
    let fields = clash.conflicts.iter().flat_map(|c| &c.fields);
    Ok(fields.map(|f| showing.clash(f)).collect())
}

/// The form as it was typed, with what is wrong: 422, or 409 with the conflict.
async fn again<M: Shown>(
    visit: &Visit,
    (id, posted): (Option<Uuid>, &Form),
    given: Value,
    (problems, clash): (Problems, Vec<ClashView>),
) -> Result {
    let status = form_status(&problems, &clash);
    let version = posted.about("_version").and_then(|v| v.parse().ok()).unwrap_or(0);
    let key = posted.about("_key").unwrap_or_default().to_owned();
    let value = references::spelled::<M>(&visit.ctx, given).await?;
    let filled = Filled { id, version, key, value: &value, problems, clash };
    Ok(show_as(status, &visit.hx, &form::<M>(visit, filled)))
}

/// What is in a form that is to come back, not to be saved: it was reshaped, or is of before an upgrade.
fn unsaved<R: Subject>(visit: &Visit, posted: &Form) -> Option<(Value, Problems)> {
    let reshaped = || reshaped(posted).map(|given| (given, Problems::default()));
    outdated::<R>(visit, posted).or_else(reshaped)
}

/// A form that was opened before an upgrade changed its record: what was typed, in the fields of now.
pub(in crate::web) fn outdated<R: Subject>(
    visit: &Visit,
    posted: &Form,
) -> Option<(Value, Problems)> {
    let rev = posted.about("_schema")?.parse().ok()?;
    records::renewed::<R>(&visit.ctx, rev, &posted.given)
}

/// Adding or removing a row is not a save: the form comes back with one row more, or without the one
/// that the form has left out already.
pub(in crate::web) fn reshaped(posted: &Form) -> Option<Value> {
    let mut given = posted.given.clone();
    if let (Some(name), Some(fields)) = (posted.about("_add"), given.as_object_mut()) {
        let rows = fields.entry(name.to_owned()).or_insert_with(|| json!([]));
        rows.as_array_mut().into_iter().for_each(|rows| rows.push(json!({})));
        return Some(given);
    }
    posted.about("_remove").map(|_| given)
}
