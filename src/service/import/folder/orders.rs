//! Orders with their lines: two files read side by side.
use super::{
    Masters,
    rows::{Rows, field, needed},
};
use crate::{
    domain::{
        ids::{CompanyId, CustomerId, LineId, OrderId, ProductId, UserId},
        money::Currency,
        number::{Qty, Rate, UnitPrice, parse_scaled},
        order::{LINE, Line, LineType, Order, PriceSource, State},
        record::Record,
        time::Ts,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        import::Progress,
    },
};
use jiff::civil::Date;
use serde::Deserialize;
use std::{collections::HashMap, path::Path};

#[derive(Deserialize)]
pub(super) struct OrderRow {
    pub(super) id: OrderId,
    pub(super) company_id: CompanyId,
    pub(super) customer_id: CustomerId,
    pub(super) number: String,
    pub(super) status: String,
    pub(super) currency: Currency,
    pub(super) due_date: Option<Date>,
    pub(super) reference: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) total: String,
    pub(super) created_by: Option<UserId>,
    pub(super) created_at: Ts,
}

#[derive(Deserialize)]
pub(super) struct LineRow {
    pub(super) id: LineId,
    pub(super) order_id: OrderId,
    pub(super) position: i64,
    pub(super) product_id: ProductId,
    pub(super) description: Option<String>,
    pub(super) quantity: String,
    pub(super) unit_price: UnitPrice,
    pub(super) discount_percent: String,
}

/// The names that orders copy from their customers and products.
pub(super) struct Names {
    customers: HashMap<CustomerId, String>,
    products: HashMap<ProductId, (String, Option<String>)>,
}

impl Names {
    pub(super) fn of(masters: &Masters) -> Self {
        let customers = masters.customers.iter().filter_map(|s| s.after.as_ref());
        let products = masters.products.iter().filter_map(|s| s.after.as_ref());
        Self {
            customers: customers.map(|c| (c.id, c.name.clone())).collect(),
            products: products.map(|p| (p.id, (p.sku.clone(), p.unit.clone()))).collect(),
        }
    }
}

/// The orders with their lines: two files read side by side, both in the same order.
pub(super) struct Orders {
    rows: Rows,
    lines: Rows,
    ahead: Option<OrderRow>,
    line_ahead: Option<LineRow>,
    pub(super) read: u64,
}

impl Orders {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let mut rows = Rows::open(folder, "orders.csv")?;
        let mut lines = Rows::open(folder, "order_lines.csv")?;
        let (ahead, line_ahead) = (rows.next()?, lines.next()?);
        Ok(Self { rows, lines, ahead, line_ahead, read: 0 })
    }

    /// The next order, as long as it is of this company.
    pub(super) fn next(&mut self, company: CompanyId) -> Result<Option<OrderRow>> {
        let Some(row) = self.ahead.take_if(|o| o.company_id == company) else { return Ok(None) };
        self.ahead = self.rows.next()?;
        self.read += 1;
        Ok(Some(row))
    }

    /// Whether every order was taken.
    ///
    /// # Errors
    /// `Refused` at the first order or line that nobody took.
    pub(super) fn end(&self) -> Result<()> {
        if let Some(line) = &self.line_ahead {
            let order = line.order_id;
            return Err(self.lines.refused(&format!(
                "order {order} is not in orders.csv, or its lines stand elsewhere than it does there"
            )));
        }
        let Some(order) = &self.ahead else { return Ok(()) };
        Err(self.rows.refused(&format!(
            "order {} is of no company of companies.csv, or its company's orders do not stand together",
            order.number
        )))
    }

    /// Reads past the orders of a company.
    pub(super) fn skip(&mut self, company: CompanyId, tell: &mut Progress<'_>) -> Result<()> {
        while let Some(row) = self.next(company)? {
            while self.next_line(row.id)?.is_some() {}
        }
        tell(self.read, None);
        Ok(())
    }

    fn next_line(&mut self, order: OrderId) -> Result<Option<LineRow>> {
        let Some(row) = self.line_ahead.take_if(|l| l.order_id == order) else { return Ok(None) };
        self.line_ahead = self.lines.next()?;
        Ok(Some(row))
    }

    pub(super) fn order(&mut self, ctx: &Ctx, row: &OrderRow, names: &Names) -> Result<Order> {
        let mut lines = vec![];
        while let Some(line) = self.next_line(row.id)? {
            lines.push(self.line(&line, names)?);
        }
        let total = row.total.clone();
        let order = self.head(ctx, row, names)?;
        let mut order = Order { lines, ..order };
        order.settle().map_err(|p| self.rows.refused(&Error::Invalid(p).to_string()))?;
        let gross = order.totals().map_err(|e| self.rows.refused(&e.to_string()))?.gross;
        let places = order.currency.exponent();
        if parse_scaled(&total, places, i64::MAX) != Ok(gross) {
            let text = format!(
                "the lines of order {} in order_lines.csv add up to {}, not to {total}",
                order.draft_ref,
                order.currency.show(gross)
            );
            return Err(self.rows.refused(&text));
        }
        Ok(order)
    }

    fn head(&self, ctx: &Ctx, row: &OrderRow, names: &Names) -> Result<Order> {
        let state = state(&row.status).map_err(|e| self.rows.refused(&e))?;
        let name = names.customers.get(&row.customer_id);
        let unknown = || self.rows.refused("its customer is not in customers.csv");
        let wrong = |e: String| self.rows.refused(&e);
        let number = needed(Order::FIELDS, "number", &row.number).map_err(wrong)?;
        Ok(Order {
            id: row.id,
            draft_ref: number.clone(),
            number: (state != State::Draft).then_some(number),
            state,
            customer: row.customer_id,
            customer_name: name.cloned().ok_or_else(unknown)?,
            customer_po: field(Order::FIELDS, "customer_po", row.reference.as_deref())
                .map_err(wrong)?,
            placed_at: row.created_at,
            currency: row.currency,
            promised_date: row.due_date,
            owner: row.created_by,
            internal_note: field(Order::FIELDS, "internal_note", row.notes.as_deref())
                .map_err(wrong)?,
            cancel_reason: (state == State::Cancelled).then(|| "other".into()),
            ..Order::empty(&ctx.company, ctx.now())
        })
    }

    fn line(&self, row: &LineRow, names: &Names) -> Result<Line> {
        let unknown = || self.lines.refused("its product is not in products.csv");
        let (sku, unit) = names.products.get(&row.product_id).cloned().ok_or_else(unknown)?;
        let qty: Qty = row.quantity.parse().map_err(|e: String| self.lines.refused(&e))?;
        let name = field(LINE, "name", row.description.as_deref());
        let name = name.map_err(|e| self.lines.refused(&e))?;
        let position = row.position.checked_mul(1024).filter(|p| (1..=i64::MAX / 2).contains(p));
        let discount: Rate =
            row.discount_percent.parse().map_err(|e: String| self.lines.refused(&e))?;
        Ok(Line {
            id: row.id,
            position: position.ok_or_else(|| self.lines.refused("position must count from 1"))?,
            kind: LineType::Item,
            product: Some(row.product_id),
            sku: Some(sku),
            name,
            unit,
            qty,
            list_price: None,
            unit_price: row.unit_price,
            price_source: PriceSource::Import,
            discount: (discount.0 != 0).then_some(discount),
            tax_code: None,
            tax_rate: None,
            requested_date: None,
            note: None,
        })
    }
}

/// The states of elsewhere as ours, as far as an order's life is built.
fn state(word: &str) -> Result<State, String> {
    match word {
        "draft" => Ok(State::Draft),
        "confirmed" | "in_progress" => Ok(State::Confirmed),
        "shipped" | "delivered" | "completed" => Ok(State::Completed),
        "cancelled" => Ok(State::Cancelled),
        _ => Err(format!("no state is called `{word}`")),
    }
}
