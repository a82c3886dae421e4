//! The form of an order, put together.
use super::{
    fields::{ClashView, FieldView, Making, RowView, loose},
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
    service::records::revision,
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
    "custom",
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
    let making = Making { base: &base, scope: &visit.ctx.scope, problems: &f.problems };
    let of = |names: &[&str]| making.named(Order::FIELDS, names, ("", &f.value));
    let address = |name: &str| {
        let at = f.value.get(name).unwrap_or(&none);
        ADDRESS.iter().map(|a| making.field(a, (name, at))).collect()
    };
    Form {
        shell: Shell::of(visit, heading, "orders"),
        heading: heading.into(),
        cancel: action.clone(),
        more: of(MORE),
        billing: address("billing"),
        shipping: address("shipping"),
        lines: lines(making, &f.value["lines"]),
        discounts: making.rows(("discounts", discount_fields()), &f.value["discounts"]),
        problems: loose(&f.problems),
        totals: f.totals,
        schema: revision(&visit.ctx),
        version: f.version,
        key: f.key,
        clash: f.clash,
        head: of(HEAD),
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

fn lines(making: Making<'_>, lines: &Value) -> Vec<RowView> {
    let each = parts_of(lines).iter().enumerate().map(|(index, part)| {
        let at = format!("lines.{index}");
        let fields = making.named(LINE, COLUMNS, (&at, part)).into_iter();
        // a line names its product by SKU
        let sku = format!("{at}.sku");
        let offered =
            |f: FieldView| if f.name == sku { making.suggesting(f, Kind::Product) } else { f };
        let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
        RowView {
            index,
            id: text("id"),
            filled: text("filled"),
            fields: fields.map(offered).collect(),
        }
    });
    each.collect()
}
