//! Customers with their addresses and contacts: one record, its parts versioned with it.
use super::{
    check::Problems,
    field::{Class, Field, Kind, OWN_FIELDS, Ty},
    ids::CustomerId,
    money::Currency,
    number::UnitPrice,
    record::Record,
};
use crate::vocabulary;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

vocabulary! {
    /// Whether orders of a customer may be confirmed.
    Blocked {
        No = "none", "No";
        Warn = "warn", "Warn";
        Block = "block", "Block";
    }
}
vocabulary! {
    /// What an address is for.
    AddressKind {
        Both = "both", "Billing and shipping";
        Billing = "billing", "Billing";
        Shipping = "shipping", "Shipping";
    }
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub number: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Days net.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<UnitPrice>,
    pub blocked: Blocked,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<CustomerAddress>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Fields of the company's own, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
    #[serde(default)]
    pub active: bool,
}

/// A postal address; every field may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// One of a customer's addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerAddress {
    pub id: Uuid,
    pub kind: AddressKind,
    #[serde(flatten)]
    pub address: Address,
}

/// A person at a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: Uuid,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl Address {
    /// `Bergen, NO`: what a list has room for.
    pub fn place(&self) -> String {
        [self.city.as_deref(), self.country.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The lines of a label.
    pub fn lines(&self) -> Vec<String> {
        let town = [self.postcode.as_deref(), self.city.as_deref()];
        let town = town.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let all = [&self.name, &self.line1, &self.line2].map(Clone::clone);
        let mut out: Vec<String> = all.into_iter().flatten().collect();
        out.extend((!town.is_empty()).then_some(town));
        out.extend(self.region.clone());
        out.extend(self.country.clone());
        out
    }
}

impl Customer {
    /// The first address that serves a purpose.
    pub fn address(&self, purpose: AddressKind) -> Option<&Address> {
        let fits = |k: AddressKind| k == purpose || k == AddressKind::Both;
        self.addresses.iter().find(|a| fits(a.kind)).map(|a| &a.address)
    }
}

impl Record for Customer {
    const KIND: Kind = Kind::Customer;
    const FIELDS: &'static [Field] = &[
        Field::new("number", "Number", Ty::Text(40)).required(),
        Field::new("name", "Name", Ty::Text(200)).required().personal(),
        Field::new("legal_name", "Legal name", Ty::Text(200)).personal(),
        Field::new("email", "E-mail", Ty::Email).personal(),
        Field::new("phone", "Phone", Ty::Text(40)).personal(),
        Field::new("tax_id", "Tax number", Ty::Text(40)).personal(),
        Field::new("currency", "Currency", Ty::Currency),
        Field::new("terms_days", "Payment days", Ty::Whole(3650)),
        Field::new("credit_limit", "Credit limit", Ty::Price),
        Field::new("blocked", "Blocked", Ty::Word(Blocked::WORDS)).required(),
        Field::new("language", "Language", Ty::Text(20)),
        Field::new("addresses", "Addresses", Ty::Parts("address", CUSTOMER_ADDRESS)),
        Field::new("contacts", "Contacts", Ty::Parts("contact", CONTACT)),
        Field::new("note", "Note", Ty::Note(4000)).personal(),
        Field::new("tags", "Tags", Ty::Tags).hint("Separate with commas"),
        Field::new("custom", "Own fields", Ty::Map).hint(OWN_FIELDS).personal(),
        Field::new("active", "Active", Ty::Bool),
    ];

    fn id(&self) -> Uuid {
        self.id.0
    }
    fn title(&self) -> String {
        self.name.clone()
    }
    fn settle(&mut self) -> Result<(), Problems> {
        match self.credit_limit {
            Some(limit) if limit.0 < 0 => {
                Err(Problems::at("credit_limit", "A limit cannot be negative"))
            }
            _ => Ok(()),
        }
    }
}

/// Street and town change as one, so that no address is made of two halves.
const CUSTOMER_ADDRESS: &[Field] = &[
    Field::new("kind", "Used for", Ty::Word(AddressKind::WORDS)).required(),
    Field::new("name", "Name", Ty::Text(120)).group("address").personal(),
    Field::new("line1", "Street", Ty::Text(160)).group("address").personal(),
    Field::new("line2", "More", Ty::Text(160)).group("address").personal(),
    Field::new("postcode", "Postcode", Ty::Text(20)).group("address").personal(),
    Field::new("city", "City", Ty::Text(120)).group("address").personal(),
    Field::new("region", "Region", Ty::Text(120)).group("address"),
    Field::new("country", "Country", Ty::Country).group("address"),
];

const CONTACT: &[Field] = &[
    Field::new("name", "Name", Ty::Text(120)).required().personal(),
    Field::new("email", "E-mail", Ty::Email).personal(),
    Field::new("phone", "Phone", Ty::Text(40)).personal(),
    Field::new("role", "Role", Ty::Text(60)).class(Class::Scalar),
];
