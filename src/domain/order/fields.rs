//! The registry of an order.
use super::{Channel, DiscountKind, LINE, OrderKind, State, state};
use crate::domain::{
    field::{ADDRESS, Class, Field, Kind, Lock, OWN_FIELDS, Ty},
    totals::{PriceMode, TaxRounding},
};

/// Every field of an order, in the order of its forms.
pub const ORDER: &[Field] = &[
    Field::new("draft_ref", "Draft", Ty::Text(20)).class(Class::Immutable),
    Field::new("number", "Number", Ty::Text(40)).class(Class::System),
    Field::new("kind", "Kind", Ty::Word(OrderKind::WORDS)).lock(Lock::Party).required(),
    Field::new("state", "State", Ty::Word(State::WORDS))
        .class(Class::System)
        .group("state")
        .moves(state::is_move),
    Field::new("customer", "Customer", Ty::Ref(Kind::Customer))
        .group("customer")
        .lock(Lock::Party)
        .required(),
    Field::new("customer_name", "Customer's name", Ty::Text(200))
        .required()
        .personal()
        .class(Class::System)
        .group("customer")
        .lock(Lock::Party),
    Field::new("customer_po", "Their reference", Ty::Text(80)).lock(Lock::Dates).personal(),
    Field::new("contact", "Contact", Ty::Text(120)).lock(Lock::Dates).personal(),
    Field::new("placed_at", "Placed", Ty::Moment).lock(Lock::Party).class(Class::System),
    Field::new("billing", "Billing address", Ty::Object(ADDRESS)).lock(Lock::Address),
    Field::new("shipping", "Shipping address", Ty::Object(ADDRESS)).lock(Lock::Address),
    Field::new("currency", "Currency", Ty::Currency).lock(Lock::Party).required(),
    Field::new("price_mode", "Prices", Ty::Word(PriceMode::WORDS)).lock(Lock::Party).required(),
    Field::new("tax_rounding", "Tax is rounded", Ty::Word(TaxRounding::WORDS)).class(Class::System),
    Field::new("rules", "Rounding rules", Ty::Whole(1000)).class(Class::System),
    Field::new("terms_days", "Payment days", Ty::Whole(3650)).lock(Lock::Dates),
    Field::new("requested_date", "Wanted on", Ty::Day).lock(Lock::Dates),
    Field::new("promised_date", "Promised for", Ty::Day).lock(Lock::Dates),
    Field::new("warehouse", "Warehouse", Ty::Text(60)).lock(Lock::Dates),
    Field::new("ship_method", "Shipping by", Ty::Text(60)).lock(Lock::Dates),
    Field::new("incoterm", "Incoterm", Ty::Text(20)).lock(Lock::Dates),
    Field::new("owner", "Looked after by", Ty::Text(40)).class(Class::System),
    Field::new("channel", "Came in by", Ty::Word(Channel::WORDS)).class(Class::System),
    Field::new("source", "Source", Ty::Text(40)).class(Class::System),
    Field::new("external_ref", "Reference at the source", Ty::Text(80)).class(Class::System),
    Field::new("customer_note", "Note for the customer", Ty::Note(4000)).personal(),
    Field::new("internal_note", "Internal note", Ty::Note(4000)).personal(),
    Field::new("cancel_reason", "Why cancelled", Ty::Text(200))
        .class(Class::System)
        .group("state")
        .personal(),
    Field::new("tags", "Tags", Ty::Tags).hint("Separate with commas"),
    Field::new("custom", "Own fields", Ty::Map).hint(OWN_FIELDS).lock(Lock::Dates).personal(),
    Field::new("discounts", "Discounts", Ty::Parts("discount", DISCOUNT)).lock(Lock::Lines),
    Field::new("lines", "Lines", Ty::Parts("line", LINE)).lock(Lock::Lines),
];

const DISCOUNT: &[Field] = &[
    Field::new("label", "Label", Ty::Text(80)).lock(Lock::Lines).personal(),
    Field::new("kind", "Kind", Ty::Word(DiscountKind::WORDS))
        .required()
        .group("value")
        .lock(Lock::Lines),
    Field::new("value", "Value", Ty::Price).required().group("value").lock(Lock::Lines),
];
