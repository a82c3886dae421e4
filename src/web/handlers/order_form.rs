//! The form of an order with its line editor. Adding, removing and pricing lines are posts of the
//! same form, so that they work without JavaScript too.
use super::records::{cards, kept, outdated, reshaped, with_lists};
use crate::{
    domain::{check::Problems, field::Kind, order::Order, record::Record},
    service::{
        error::Error,
        orders,
        records::{self, Clash, Saved},
        references,
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths::record,
        problem::Result,
        view::{form_status, show as page, show_as},
        views::{
            fields::ClashView,
            order_form::{Filled, form},
            order_page::totals_view,
        },
    },
};
use axum::{extract::Path, response::Response};
use serde_json::{Value, json};
use uuid::Uuid;

type Id = Path<(String, String, String)>;

/// Empty lines of a new order.
const FIRST_LINES: usize = 3;

pub(in crate::web) async fn new(visit: Visit) -> Result {
    let mut value = Order::blank_for(&visit.ctx);
    value["lines"] = json!(vec![json!({}); FIRST_LINES]);
    let (key, problems) = (visit.ctx.next_id().to_string(), Problems::default());
    let filled = Filled {
        id: None,
        version: String::new(),
        key,
        value,
        problems,
        clash: vec![],
        totals: None,
    };
    Ok(page(&visit.hx, &form(&visit, filled)))
}

pub(in crate::web) async fn edit(visit: Visit, path: Id) -> Result {
    let id = id(path)?;
    let now = records::show::<Order>(&visit.ctx, id).await?;
    let sums = now.record.totals().unwrap_or_default();
    let totals = Some(totals_view(&now.record, &sums));
    let value = references::spelled::<Order>(&visit.ctx, now.record.value()).await?;
    let filled = Filled {
        id: Some(id),
        version: now.seq.to_string(),
        key: String::new(),
        value,
        problems: Problems::default(),
        clash: vec![],
        totals,
    };
    Ok(page(&visit.hx, &form(&visit, filled)))
}

pub(in crate::web) async fn create(visit: Visit, mut posted: Form) -> Result {
    if let Some(value) = unsaved(&visit, None, &posted).await? {
        return Ok(value);
    }
    match records::create::<Order>(&visit.ctx, &posted.given, posted.about("_key")).await {
        Ok(now) => Ok(visit.hx.go(&record(&visit.base(), Kind::Order, now.record.id), "created")),
        Err(e) => {
            let problems = kept(&visit, &mut posted, e)?;
            again(&visit, (None, &posted), posted.given.clone(), (problems, vec![])).await
        }
    }
}

pub(in crate::web) async fn update(visit: Visit, path: Id, mut posted: Form) -> Result {
    let id = id(path)?;
    if let Some(answer) = unsaved(&visit, Some(id), &posted).await? {
        return Ok(answer);
    }
    let (url, given) = (record(&visit.base(), Kind::Order, id), with_lists::<Order>(&posted.given));
    match records::save::<Order>(&visit.ctx, id, posted.version()?, &given).await {
        Ok(Saved::Conflict(clash)) => clashed(&visit, (id, posted), clash).await,
        Ok(saved) => Ok(visit.hx.go(&url, saved.word())),
        Err(e) => {
            let problems = kept(&visit, &mut posted, e)?;
            again(&visit, (Some(id), &posted), posted.given.clone(), (problems, vec![])).await
        }
    }
}

/// A row more or less, prices filled in, or an upgrade meanwhile: the form comes back, nothing is saved.
async fn unsaved(visit: &Visit, id: Option<Uuid>, posted: &Form) -> Result<Option<Response>> {
    if let Some((given, problems)) = outdated::<Order>(visit, posted) {
        return again(visit, (id, posted), given, (problems, vec![])).await.map(Some);
    }
    let filled = || posted.about("_fill").map(|_| posted.given.clone());
    let Some(given) = reshaped(posted).or_else(filled) else { return Ok(None) };
    let before = match id {
        Some(id) => records::show::<Order>(&visit.ctx, id).await?.record.value(),
        None => Order::blank_for(&visit.ctx),
    };
    Ok(Some(match orders::preview(&visit.ctx, &before, given.clone()).await {
        Ok((filled, order)) => {
            let totals = order.totals().ok().map(|sums| totals_view(&order, &sums));
            let value = references::spelled::<Order>(&visit.ctx, filled).await?;
            let again = filled_form((id, posted), value, (Problems::default(), vec![]));
            page(&visit.hx, &form(visit, Filled { totals, ..again }))
        }
        Err(Error::Invalid(p)) => again(visit, (id, posted), given, (p, vec![])).await?,
        Err(e) => return Err(e.into()),
    }))
}

fn filled_form(
    (id, posted): (Option<Uuid>, &Form),
    value: Value,
    (problems, clash): (Problems, Vec<ClashView>),
) -> Filled {
    let about = |name: &str| posted.about(name).unwrap_or_default().to_owned();
    let (version, key) = (about("_version"), about("_key"));
    Filled { id, version, key, value, problems, clash, totals: None }
}

/// The form as it was typed, with what is wrong: 422, or 409 with the conflict.
async fn again(
    visit: &Visit,
    of: (Option<Uuid>, &Form),
    value: Value,
    (problems, clash): (Problems, Vec<ClashView>),
) -> Result {
    let status = form_status(&problems, &clash);
    let order = orders::summable(&visit.ctx, &value, &value);
    let totals = order.totals().ok().map(|sums| totals_view(&order, &sums));
    let value = references::spelled::<Order>(&visit.ctx, value).await?;
    let filled = filled_form(of, value, (problems, clash));
    Ok(show_as(status, &visit.hx, &form(visit, Filled { totals, ..filled })))
}

async fn clashed(visit: &Visit, (id, mut posted): (Uuid, Form), clash: Clash) -> Result {
    let cards = cards(visit, &mut posted, &clash).await?;
    again(visit, (Some(id), &posted), clash.mine, (Problems::default(), cards)).await
}
