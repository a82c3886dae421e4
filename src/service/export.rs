//! Exports of orders, row by row, so that memory stays flat.
use super::{
    context::Ctx,
    error::Result,
    orders::{self, OrderRow},
};
use crate::domain::{money::Currency, page::OrderFilter, policy::Act, record::Record};
use jiff::tz::TimeZone;

/// The head of a CSV of orders.
pub const HEADER: [&str; 9] =
    ["number", "kind", "state", "customer", "placed", "country", "currency", "total", "lines"];
const PAGE: i64 = 1000;

/// A cell that a spreadsheet would take for a formula begins with a quote (OWASP ASVS 1.2.10);
/// numbers stay numbers.
pub fn inert(text: &str) -> String {
    let number = text.parse::<i64>().is_ok() || text.replacen('.', "", 1).parse::<i64>().is_ok();
    let starts = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠')
    };
    if !number && text.starts_with(starts) { format!("'{text}") } else { text.to_owned() }
}

/// One row of the CSV; days are those of the company's zone.
pub fn row(zone: &TimeZone, order: &OrderRow) -> [String; 9] {
    let total =
        order.currency.parse::<Currency>().map(|c| c.plain(order.gross)).unwrap_or_default();
    [
        inert(&order.title),
        order.kind.clone(),
        order.state.word().to_owned(),
        inert(&order.customer_name),
        order.placed_at.day(zone).to_string(),
        inert(order.country.as_deref().unwrap_or_default()),
        order.currency.clone(),
        total,
        order.line_count.to_string(),
    ]
}

/// The pages of what a filter lets through, one after the other.
pub struct Pages {
    ctx: Ctx,
    filter: Option<OrderFilter>,
}

impl Pages {
    /// From the first row on.
    ///
    /// # Errors
    /// `Forbidden` for who may not export.
    pub fn new(ctx: &Ctx, filter: OrderFilter) -> Result<Self> {
        ctx.may(Act::Export)?;
        let filter = OrderFilter { cursor: None, size: PAGE, ..filter };
        Ok(Self { ctx: ctx.clone(), filter: Some(filter) })
    }

    /// The next rows; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<OrderRow>>> {
        let Some(mut filter) = self.filter.take() else { return Ok(None) };
        let page = orders::page(&self.ctx, &filter).await?;
        if let Some(next) = page.next {
            filter.cursor = Some(next);
            self.filter = Some(filter);
        }
        Ok(Some(page.rows))
    }
}

/// CSV text of rows, with the header if it is the first piece.
pub fn csv(ctx: &Ctx, rows: &[OrderRow], first: bool) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().from_writer(vec![]);
    if first {
        let _ = out.write_record(HEADER);
    }
    let zone = ctx.company.zone();
    for order in rows {
        let _ = out.write_record(row(&zone, order));
    }
    out.into_inner().unwrap_or_default()
}

/// One whole record as a line of JSON.
pub fn json_line<R: Record>(record: &R) -> String {
    record.body() + "\n"
}
