//! Products: what is sold, by the SKU.
use super::{
    check::Problems,
    field::{Field, Kind, OWN_FIELDS, Ty},
    ids::{ProductId, TaxCodeId},
    number::UnitPrice,
    policy::Act,
    record::Record,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub id: ProductId,
    pub sku: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<UnitPrice>,
    /// What the company pays for it: not for everybody's eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_price: Option<UnitPrice>,
    /// A random text, from when a cost price was first there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<TaxCodeId>,
    /// In grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<i64>,
    #[serde(default)]
    pub stocked: bool,
    #[serde(default)]
    pub active: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Fields of the company's own, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

impl Record for Product {
    const KIND: Kind = Kind::Product;
    const FIELDS: &'static [Field] = &[
        Field::new("sku", "SKU", Ty::Text(60)).required(),
        Field::new("name", "Name", Ty::Text(200)).required(),
        Field::new("unit_price", "Unit price", Ty::Price),
        Field::new("cost_price", "Cost price", Ty::Price).seen_with(Act::SeeCosts),
        Field::new("cost_salt", "Salt of the cost price", Ty::Text(40))
            .salts("cost_price")
            .seen_with(Act::SeeCosts),
        Field::new("unit", "Unit", Ty::Text(20)).hint("piece, kg, box of 20"),
        Field::new("tax_code", "Tax code", Ty::Ref(Kind::TaxCode)),
        Field::new("barcode", "Barcode", Ty::Text(60)),
        Field::new("weight_g", "Weight in g", Ty::Whole(100_000_000)),
        Field::new("description", "Description", Ty::Note(4000)),
        Field::new("tags", "Tags", Ty::Tags).hint("Separate with commas"),
        Field::new("custom", "Own fields", Ty::Map).hint(OWN_FIELDS),
        Field::new("stocked", "Kept in stock", Ty::Bool),
        Field::new("active", "For sale", Ty::Bool),
    ];

    fn id(&self) -> Uuid {
        self.id.0
    }
    fn title(&self) -> String {
        self.sku.clone()
    }
    fn settle(&mut self) -> Result<(), Problems> {
        let negative = |price: Option<UnitPrice>| price.is_some_and(|p| p.0 < 0);
        let mut problems = Problems::default();
        if negative(self.unit_price) {
            problems.add("unit_price", "A list price cannot be negative");
        }
        if negative(self.cost_price) {
            problems.add("cost_price", "A cost price cannot be negative");
        }
        problems.ok()
    }
}
