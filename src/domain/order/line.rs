//! A line of an order: a part with its own identity, its prices and texts its own copies.
use crate::{
    domain::{
        field::{Class, Field, Kind, Lock, Ty},
        ids::{LineId, ProductId, TaxCodeId},
        number::{Qty, Rate, UnitPrice},
    },
    vocabulary,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// What a line stands for. A text line has no amount.
    LineType {
        Item = "item", "Item";
        Service = "service", "Service";
        Fee = "fee", "Fee";
        Text = "text", "Text";
    }
}
vocabulary! {
    /// Where a line's price came from.
    PriceSource {
        List = "list", "List price";
        Manual = "manual", "Set by hand";
        Import = "import", "Imported";
    }
}

/// One line. `sku`, `name` and `unit` are copies, so that a changed product leaves old orders alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: LineId,
    /// Lines are shown by position; gaps leave room for moves.
    pub position: i64,
    #[serde(rename = "type")]
    pub kind: LineType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub qty: Qty,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<UnitPrice>,
    pub unit_price: UnitPrice,
    pub price_source: PriceSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Rate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<TaxCodeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Rate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The registry of a line.
pub const LINE: &[Field] = &[
    Field::new("sku", "SKU", Ty::Text(60)).group("product").lock(Lock::Lines),
    Field::new("product", "Product", Ty::Ref(Kind::Product)).group("product").lock(Lock::Lines),
    Field::new("name", "Text", Ty::Text(400)).lock(Lock::Lines),
    Field::new("type", "Type", Ty::Word(LineType::WORDS)).required().lock(Lock::Lines),
    Field::new("position", "Position", Ty::Whole(i64::MAX / 2)).position().lock(Lock::Lines),
    Field::new("unit", "Unit", Ty::Text(20)).group("qty").lock(Lock::Lines),
    Field::new("qty", "Quantity", Ty::Qty).required().group("qty").lock(Lock::Lines),
    Field::new("unit_price", "Unit price", Ty::Price).required().group("price").lock(Lock::Lines),
    Field::new("list_price", "List price", Ty::Price)
        .class(Class::System)
        .group("price")
        .lock(Lock::Lines),
    Field::new("price_source", "Price from", Ty::Word(PriceSource::WORDS))
        .class(Class::System)
        .group("price")
        .lock(Lock::Lines),
    Field::new("discount", "Discount in %", Ty::Rate).lock(Lock::Lines),
    Field::new("tax_code", "Tax code", Ty::Ref(Kind::TaxCode)).group("tax").lock(Lock::Lines),
    Field::new("tax_rate", "Tax in %", Ty::Rate).group("tax").lock(Lock::Lines),
    Field::new("requested_date", "Wanted on", Ty::Day).lock(Lock::Dates),
    Field::new("note", "Note", Ty::Note(1000)).lock(Lock::Free).personal(),
];
