//! Order lines as rows of main, for the database's constraints and for reports.
use super::{cell::Cell, db::Tx, write::Step};
use crate::domain::{
    order::{Line, Order},
    scope::Scope,
    totals::LineSum,
};
use sqlx::Result;
use uuid::Uuid;

const CHUNK: usize = 200;

/// Whether a step touches the lines at all: a changed note of a long order leaves them alone.
fn touched(step: &Step<Order>) -> bool {
    match (&step.before, &step.after) {
        (Some(before), Some(after)) => {
            before.lines != after.lines
                || before.discounts != after.discounts
                || before.price_mode != after.price_mode
        }
        _ => true,
    }
}

/// Takes away the lines of orders whose lines change.
pub async fn remove(tx: &mut Tx, scope: &Scope, steps: &[Step<Order>]) -> Result<()> {
    let changed = steps.iter().filter(|s| touched(s)).filter_map(|s| s.before.as_ref());
    let ids: Vec<Uuid> = changed.map(|o| o.id.0).collect();
    for chunk in ids.chunks(CHUNK) {
        let mut sql = tx.builder();
        sql.push("DELETE FROM order_lines WHERE company_id = ").bind(scope.company());
        sql.push(" AND order_id IN ").list(chunk);
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// Writes the lines of orders whose lines changed.
pub async fn insert(tx: &mut Tx, scope: &Scope, steps: &[Step<Order>]) -> Result<()> {
    let mut rows: Vec<(Uuid, &Line, LineSum)> = vec![];
    for order in steps.iter().filter(|s| touched(s)).filter_map(|s| s.after.as_ref()) {
        let sums = order.totals().unwrap_or_default();
        rows.extend(order.lines.iter().zip(sums.lines).map(|(l, s)| (order.id.0, l, s)));
    }
    for chunk in rows.chunks(CHUNK) {
        let mut sql = tx.builder();
        sql.push("INSERT INTO order_lines (company_id, order_id, id, position, type, product_id, sku, name, qty, unit_price, discount, tax_code_id, tax_rate, amount, net, tax) ");
        sql.values(chunk, |row, (order, line, sum)| {
            row.bind(scope.company()).bind(*order);
            for cell in cells(line, *sum) {
                cell.bind(row);
            }
        });
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// A line's columns after its order's.
pub fn cells(line: &Line, sum: LineSum) -> [Cell; 14] {
    [
        Cell::Id(Some(line.id.0)),
        Cell::Int(line.position),
        Cell::text(line.kind.word()),
        Cell::Id(line.product.map(|p| p.0)),
        Cell::Text(line.sku.clone()),
        Cell::Text(line.name.clone()),
        Cell::Int(line.qty.0),
        Cell::Int(line.unit_price.0),
        Cell::Int(line.discount.unwrap_or_default().0),
        Cell::Id(line.tax_code.map(|t| t.0)),
        Cell::Int(line.tax_rate.unwrap_or_default().0),
        Cell::Int(sum.amount),
        Cell::Int(sum.net),
        Cell::Int(sum.tax),
    ]
}
