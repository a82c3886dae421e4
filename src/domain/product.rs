//! Products: what is sold, by the SKU.
use super::{
    check::Problems,
    field::{Field, Kind, Ty},
    ids::{ProductId, TaxCodeId},
    number::UnitPrice,
    record::Record,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
}

impl Record for Product {
    const KIND: Kind = Kind::Product;
    const FIELDS: &'static [Field] = &[
        Field::new("sku", "SKU", Ty::Text(60)).required(),
        Field::new("name", "Name", Ty::Text(200)).required(),
        Field::new("unit_price", "Unit price", Ty::Price),
        Field::new("unit", "Unit", Ty::Text(20)).hint("piece, kg, box of 20"),
        Field::new("tax_code", "Tax code", Ty::Ref(Kind::TaxCode)),
        Field::new("barcode", "Barcode", Ty::Text(60)),
        Field::new("weight_g", "Weight in g", Ty::Whole(100_000_000)),
        Field::new("description", "Description", Ty::Note(4000)),
        Field::new("tags", "Tags", Ty::Tags).hint("Separate with commas"),
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
        match self.unit_price {
            Some(price) if price.0 < 0 => {
                Err(Problems::at("unit_price", "A list price cannot be negative"))
            }
            _ => Ok(()),
        }
    }
}
