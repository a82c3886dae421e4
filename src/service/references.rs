//! A record may name records of its own company only, and ones that are there. People name them by
//! code (`C-1001 · Name`, as a browser's list offers it), programs by id or code.
use super::{
    context::Ctx,
    error::{Error, Result},
    subjects::{Subject, of_kind},
};
use crate::{
    domain::{
        check::Problems,
        customer::Customer,
        field::{Field, Kind, Ty},
        history::diff::Change,
        product::Product,
        record::Record,
        tax::TaxCode,
    },
    store::{
        db::Tx,
        kinds::Master,
        masters::{self, read},
        versions,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a value names: each record once, with the first place that names it.
type Named = BTreeMap<(&'static str, Uuid), (Kind, String)>;

/// What records are called, by id: `C-1001 · Name`.
pub type Titles = BTreeMap<Uuid, String>;

const BETWEEN: &str = " · ";

/// The code in `CODE · Name`, or the text itself.
pub fn code_in(text: &str) -> &str {
    text.split(BETWEEN).next().unwrap_or(text).trim()
}

/// How a master record is offered and shown where another one names it.
pub fn title_of<M: Master>(m: &M) -> String {
    called(m.code(), m.name())
}

/// A code and what it says to people: `C-1001 · Name`.
pub fn called(code: &str, name: &str) -> String {
    format!("{code}{BETWEEN}{name}")
}

/// Replaces the codes by which input names records with their ids.
///
/// # Errors
/// `Invalid` at each field whose code no record has.
pub async fn resolve(
    ctx: &Ctx,
    tx: &mut Tx,
    fields: &'static [Field],
    (before, given): (&Value, &mut Value),
) -> Result<()> {
    let mut typed = vec![];
    walk(fields, given, "", &mut |kind, path, text| {
        if !text.trim().is_empty() && text.trim().parse::<Uuid>().is_err() {
            typed.push((kind, path.to_owned(), text.trim().to_owned()));
        }
    });
    let mut problems = Problems::default();
    for (kind, path, text) in typed {
        let known = before[&path].as_str().and_then(|id| id.parse().ok());
        let found = of_text(ctx, tx, (kind, known), &text).await?;
        let slot = given.pointer_mut(&format!("/{}", path.replace('.', "/")));
        if let (Some(id), Some(slot)) = (found, slot) {
            *slot = json!(id);
        } else {
            let kind = kind.label().to_lowercase();
            problems.add(path, format!("No {kind} is known as {}", code_in(&text)));
        }
    }
    problems.ok().map_err(Error::Invalid)
}

/// The record that a text names: the one that stood there, if a form sent its title back; else by
/// code, which may look like a title itself, or by a name that no other has.
async fn of_text(
    ctx: &Ctx,
    tx: &mut Tx,
    (kind, known): (Kind, Option<Uuid>),
    text: &str,
) -> Result<Option<Uuid>> {
    if let Some(id) = known.filter(|_| text.contains(BETWEEN))
        && title(ctx, tx, (kind, id)).await?.is_some_and(|t| t == text)
    {
        return Ok(known);
    }
    match of_code(ctx, tx, kind, text).await? {
        None if code_in(text) != text => of_code(ctx, tx, kind, code_in(text)).await,
        found => Ok(found),
    }
}

/// Checks what a change names that was not named before.
///
/// # Errors
/// `Invalid` at each field whose record is not here.
pub async fn check<R: Record>(
    ctx: &Ctx,
    tx: &mut Tx,
    (before, after): (&Value, &Value),
) -> Result<()> {
    let (known, named) = (named(R::FIELDS, before), named(R::FIELDS, after));
    let mut problems = Problems::default();
    for ((_, id), (kind, path)) in named.iter().filter(|(key, _)| !known.contains_key(*key)) {
        if title(ctx, tx, (*kind, *id)).await?.is_none() {
            problems.add(path, format!("No such {} is here", kind.label().to_lowercase()));
        }
    }
    problems.ok().map_err(Error::Invalid)
}

/// A record's value as its form shows it: what the record itself names (not its parts) by code and
/// name.
pub async fn spelled<R: Record>(ctx: &Ctx, mut value: Value) -> Result<Value> {
    let named = R::FIELDS.iter().filter_map(|f| reference(f.ty, &value[f.name]));
    let titles = titles(ctx, named.collect()).await?;
    for f in R::FIELDS {
        let Some((_, id)) = reference(f.ty, &value[f.name]) else { continue };
        if let Some(title) = titles.get(&id) {
            value[f.name] = json!(title);
        }
    }
    Ok(value)
}

/// What the records are called that changes name, before and after.
pub async fn titles_of<'a>(ctx: &Ctx, changes: impl Iterator<Item = &'a Change>) -> Result<Titles> {
    let values = changes.flat_map(|c| [&c.before, &c.after].map(|v| (c.ty, v)));
    titles(ctx, values.filter_map(|(ty, v)| reference(ty, v)).collect()).await
}

/// What the records of some ids are called. Asks nothing if there are none.
pub async fn titles(ctx: &Ctx, wanted: Vec<(Kind, Uuid)>) -> Result<Titles> {
    let mut titles = Titles::new();
    if wanted.is_empty() {
        return Ok(titles);
    }
    let mut tx = ctx.glance().await?;
    for (kind, id) in wanted {
        if !titles.contains_key(&id)
            && let Some(title) = title(ctx, &mut tx, (kind, id)).await?
        {
            titles.insert(id, title);
        }
    }
    Ok(titles)
}

/// The record that a value of a type names.
pub fn reference(ty: Ty, value: &Value) -> Option<(Kind, Uuid)> {
    match ty {
        Ty::Ref(kind) => Some((kind, value.as_str()?.parse().ok()?)),
        _ => None,
    }
}

/// Calls `visit` with every text in a place that names a record, parts included.
fn walk(fields: &[Field], value: &Value, at: &str, visit: &mut dyn FnMut(Kind, &str, &str)) {
    for field in fields {
        let Some(value) = value.get(field.name) else { continue };
        let path =
            if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
        match field.ty {
            Ty::Ref(kind) => value.as_str().into_iter().for_each(|text| visit(kind, &path, text)),
            Ty::Parts(_, fields) => {
                for (i, part) in value.as_array().into_iter().flatten().enumerate() {
                    walk(fields, part, &format!("{path}.{i}"), visit);
                }
            }
            _ => {}
        }
    }
}

/// Every record that a record's value names: kind, id, and the first place that names it.
pub fn named_in<R: Record>(value: &Value) -> Vec<(Kind, Uuid, String)> {
    named(R::FIELDS, value).into_iter().map(|((_, id), (kind, path))| (kind, id, path)).collect()
}

fn named(fields: &[Field], value: &Value) -> Named {
    let mut out = Named::new();
    walk(fields, value, "", &mut |kind, path, text| {
        if let Ok(id) = text.parse() {
            out.entry((kind.word(), id)).or_insert((kind, path.to_owned()));
        }
    });
    out
}

async fn of_code(ctx: &Ctx, tx: &mut Tx, kind: Kind, code: &str) -> Result<Option<Uuid>> {
    async fn id<M: Master>(ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Option<Uuid>> {
        let found = match masters::by_code::<M>(tx, &ctx.scope, code).await? {
            None => masters::by_name::<M>(tx, &ctx.scope, code).await?,
            found => found,
        };
        Ok(found.map(|m| m.id()))
    }
    match kind {
        Kind::Customer => id::<Customer>(ctx, tx, code).await,
        Kind::Product => id::<Product>(ctx, tx, code).await,
        Kind::TaxCode => id::<TaxCode>(ctx, tx, code).await,
        Kind::Order => Ok(None),
    }
}

/// What a record is called where another one names it, if it is here.
pub(super) async fn title(
    ctx: &Ctx,
    tx: &mut Tx,
    (kind, id): (Kind, Uuid),
) -> Result<Option<String>> {
    async fn named<R: Subject>(ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Option<String>> {
        let version = versions::current::<R>(tx, &ctx.scope, id).await?;
        let found: Option<R> = version.map(|v| read(&v.body)).transpose()?;
        Ok(found.map(|r| r.named()))
    }
    of_kind!(kind, R => named::<R>(ctx, tx, id).await)
}
