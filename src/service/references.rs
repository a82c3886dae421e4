//! A record may name records of its own company only, and ones that are there.
use super::{
    context::Ctx,
    error::{Error, Result},
};
use crate::{
    domain::{
        check::Problems,
        customer::Customer,
        field::{Field, Kind, Ty},
        order::Order,
        product::Product,
        record::Record,
        tax::TaxCode,
    },
    store::{db::Tx, versions},
};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a value names: each record once, with the first place that names it.
type Named = BTreeMap<(&'static str, Uuid), (Kind, String)>;

/// Checks what a change names that was not named before.
///
/// # Errors
/// `Invalid` at each field whose record is not here.
pub async fn check<R: Record>(
    ctx: &Ctx,
    tx: &mut Tx,
    (before, after): (&Value, &Value),
) -> Result<()> {
    let (mut known, mut named) = (Named::new(), Named::new());
    collect(R::FIELDS, before, "", &mut known);
    collect(R::FIELDS, after, "", &mut named);
    let mut problems = Problems::default();
    for ((_, id), (kind, path)) in named.iter().filter(|(key, _)| !known.contains_key(*key)) {
        if !is_here(ctx, tx, (*kind, *id)).await? {
            problems.add(path, format!("No such {} is here", kind.label().to_lowercase()));
        }
    }
    problems.ok().map_err(Error::Invalid)
}

fn collect(fields: &[Field], value: &Value, at: &str, out: &mut Named) {
    for field in fields {
        let Some(value) = value.get(field.name) else { continue };
        let path =
            if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
        match field.ty {
            Ty::Ref(kind) => {
                if let Some(id) = value.as_str().and_then(|s| s.parse().ok()) {
                    out.entry((kind.word(), id)).or_insert((kind, path));
                }
            }
            Ty::Parts(_, fields) => {
                for (i, part) in value.as_array().into_iter().flatten().enumerate() {
                    collect(fields, part, &format!("{path}.{i}"), out);
                }
            }
            _ => {}
        }
    }
}

async fn is_here(ctx: &Ctx, tx: &mut Tx, (kind, id): (Kind, Uuid)) -> Result<bool> {
    let found = match kind {
        Kind::Customer => versions::current::<Customer>(tx, &ctx.scope, id).await?,
        Kind::Product => versions::current::<Product>(tx, &ctx.scope, id).await?,
        Kind::TaxCode => versions::current::<TaxCode>(tx, &ctx.scope, id).await?,
        Kind::Order => versions::current::<Order>(tx, &ctx.scope, id).await?,
    };
    Ok(found.is_some())
}
