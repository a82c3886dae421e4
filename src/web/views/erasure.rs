//! What an erasure takes, before it is done.
use crate::{
    domain::{check::Problems, customer::Customer, field::Kind},
    web::{
        extract::Visit,
        paths::{list, record},
        view::{Shell, View},
    },
};
use askama::Template;

/// The page that asks.
#[derive(Template)]
#[template(path = "records/erasure.html")]
pub(in crate::web) struct Erasure {
    pub shell: Shell,
    pub url: String,
    pub list: String,
    pub name: String,
    pub number: String,
    /// As typed, and what is wrong with it.
    pub basis: String,
    pub problem: Option<String>,
}
impl View for Erasure {}

pub(in crate::web) fn view(
    visit: &Visit,
    customer: &Customer,
    (basis, problems): (&str, &Problems),
) -> Erasure {
    Erasure {
        shell: Shell::of(visit, "Erase", Kind::Customer.slug()),
        url: record(&visit.base(), Kind::Customer, customer.id.0),
        list: list(&visit.base(), Kind::Customer),
        name: customer.name.clone(),
        number: customer.number.clone(),
        basis: basis.to_owned(),
        problem: problems.get("basis").map(str::to_owned),
    }
}
