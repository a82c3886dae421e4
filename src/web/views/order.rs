//! One order: its page and its form.
use super::{
    elsewhere::ElsewhereView,
    fields::{ClashView, FieldView, RowView},
    history::HistoryView,
};
use crate::web::view::{Shell, View};
use askama::Template;

/// The page of an order.
#[derive(Template)]
#[template(path = "orders/show.html")]
pub(in crate::web) struct Show {
    pub shell: Shell,
    pub url: String,
    pub title: String,
    pub kind: &'static str,
    pub state: &'static str,
    pub state_label: &'static str,
    pub customer: String,
    pub customer_href: String,
    pub changed: String,
    pub steps: Vec<(&'static str, &'static str)>,
    pub lines: Vec<LineView>,
    pub totals: TotalsView,
    pub facts: Vec<(String, String)>,
    pub addresses: Vec<(&'static str, Vec<String>)>,
    pub notes: Vec<(&'static str, String)>,
    pub tags: Vec<String>,
    pub commands: Vec<CommandView>,
    pub can_edit: bool,
    pub can_delete: bool,
    /// Where it is made what the page shows of the past.
    pub restore: Option<String>,
    /// Where it is edited in a branch of its own.
    pub in_a_branch: Option<String>,
    pub elsewhere: ElsewhereView,
    pub history: HistoryView,
    pub version: i64,
    pub hash: String,
}
impl View for Show {}

pub(in crate::web) struct LineView {
    pub name: String,
    pub sub: String,
    pub href: String,
    pub qty: String,
    pub price: String,
    pub by_hand: bool,
    pub discount: String,
    pub tax: String,
    pub amount: String,
}

/// The sums under the lines.
pub(in crate::web) struct TotalsView {
    pub lines: String,
    pub discounts: Vec<(String, String)>,
    pub net: String,
    pub groups: Vec<(String, String)>,
    pub gross: String,
}

pub(in crate::web) struct CommandView {
    pub word: &'static str,
    pub label: &'static str,
    pub primary: bool,
    pub asks_why: bool,
}

/// The form of an order.
#[derive(Template)]
#[template(path = "orders/form.html", blocks = ["editor", "totals"])]
pub(in crate::web) struct Form {
    pub shell: Shell,
    pub list: String,
    pub heading: String,
    pub action: String,
    pub cancel: String,
    /// The revision of bodies that its fields are of.
    pub schema: i64,
    pub version: String,
    pub key: String,
    pub head: Vec<FieldView>,
    pub more: Vec<FieldView>,
    pub billing: Vec<FieldView>,
    pub shipping: Vec<FieldView>,
    pub lines: Vec<RowView>,
    pub discounts: Vec<RowView>,
    pub totals: Option<TotalsView>,
    pub problems: Vec<String>,
    pub clash: Vec<ClashView>,
}
impl View for Form {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        match target {
            "editor" => Some(self.as_editor().render()),
            "totals" => Some(self.as_totals().render()),
            _ => None,
        }
    }
}
