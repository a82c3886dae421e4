//! The form of an order, put together.
use super::{
    fields::{ClashView, FieldView, RowView, field, loose, rows},
    order::{Form, TotalsView},
};
use crate::{
    domain::{
        check::Problems,
        field::{ADDRESS, Field, Kind, Ty, find},
        history::diff::list as parts_of,
        order::{LINE, Order},
        record::Record,
    },
    web::{
        extract::Visit,
        paths::{list, record},
        view::Shell,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

const HEAD: &[&str] = &[
    "customer",
    "customer_po",
    "requested_date",
    "promised_date",
    "kind",
    "currency",
    "price_mode",
];
const MORE: &[&str] = &[
    "contact",
    "terms_days",
    "warehouse",
    "ship_method",
    "incoterm",
    "tags",
    "customer_note",
    "internal_note",
];
const COLUMNS: &[&str] = &["sku", "name", "qty", "unit_price", "discount", "tax_rate"];
/// What a form is shown with.
pub(in crate::web) struct Filled {
    pub id: Option<Uuid>,
    pub version: String,
    pub key: String,
    pub value: Value,
    pub problems: Problems,
    pub clash: Vec<ClashView>,
    pub totals: Option<TotalsView>,
}

pub(in crate::web) fn form(visit: &Visit, f: Filled) -> Form {
    let (base, none) = (visit.base(), json!({}));
    let list = list(&base, Kind::Order);
    let action = f.id.map_or_else(|| list.clone(), |id| record(&base, Kind::Order, id));
    let heading = if f.id.is_some() { "Edit order" } else { "New order" };
    let suggest = format!("{base}/suggest");
    let of = |names: &[&str]| named(Order::FIELDS, names, ("", &f.value), &f.problems);
    let address = |name: &str| {
        let at = f.value.get(name).unwrap_or(&none);
        ADDRESS.iter().map(|a| field(a, (name, at), &f.problems)).collect()
    };
    let mut head = of(HEAD);
    suggesting(&mut head, "customer", ("customers", &suggest));
    Form {
        shell: Shell::of(visit, heading, "orders"),
        heading: heading.into(),
        cancel: action.clone(),
        more: of(MORE),
        billing: address("billing"),
        shipping: address("shipping"),
        lines: lines(&f, &suggest),
        discounts: rows(("discounts", discount_fields()), &f.value["discounts"], &f.problems),
        problems: loose(&f.problems),
        totals: f.totals,
        version: f.version,
        key: f.key,
        clash: f.clash,
        head,
        list,
        action,
    }
}

fn discount_fields() -> &'static [Field] {
    let found = find(Order::FIELDS, "discounts");
    match found.map(|f| f.ty) {
        Some(Ty::Parts(_, fields)) => fields,
        _ => &[],
    }
}

fn named(
    fields: &'static [Field],
    names: &[&str],
    at: (&str, &Value),
    problems: &Problems,
) -> Vec<FieldView> {
    names.iter().filter_map(|n| find(fields, n)).map(|f| field(f, at, problems)).collect()
}

fn lines(f: &Filled, suggest: &str) -> Vec<RowView> {
    let each = parts_of(&f.value["lines"]).iter().enumerate().map(|(index, part)| {
        let at = format!("lines.{index}");
        let mut fields = named(LINE, COLUMNS, (&at, part), &f.problems);
        suggesting(&mut fields, "sku", ("products", suggest));
        let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
        RowView { index, id: text("id"), filled: text("filled"), fields }
    });
    each.collect()
}

/// A field that names a record offers what matches while one types.
fn suggesting(fields: &mut [FieldView], name: &str, (kind, suggest): (&'static str, &str)) {
    for f in fields.iter_mut().filter(|f| f.name.ends_with(name)) {
        f.list = kind;
        f.suggest = format!("{suggest}/{kind}");
    }
}
