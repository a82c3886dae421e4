//! Order lines as rows of main, for the database's constraints and for reports.
use super::{
    cell::Cell,
    db::{Builder, Engine, Tx},
    ready::Step,
};
use crate::domain::{
    ids::CompanyId,
    order::{Line, Order},
    scope::Scope,
    totals::{LineSum, Totals},
};
use sqlx::Result;
use uuid::Uuid;

const CHUNK: usize = 200;

/// A line of an order, by its columns after the company's.
pub type Row = (Uuid, [Cell; 14]);

/// Whether a step touches the lines at all: a changed note of a long order leaves them alone.
pub fn touched(step: &Step<Order>) -> bool {
    match (&step.before, &step.after) {
        (Some(before), Some(after)) => !before.adds_up_as(after),
        _ => true,
    }
}

/// The rows of an order.
pub fn rows<'a>(order: &'a Order, sums: &'a Totals) -> impl Iterator<Item = Row> + 'a {
    order.lines.iter().zip(&sums.lines).map(|(line, sum)| (order.id.0, cells(line, *sum)))
}

/// Takes away the lines of orders.
pub async fn remove(tx: &mut Tx, scope: &Scope, orders: &[Uuid]) -> Result<()> {
    for chunk in orders.chunks(CHUNK) {
        let mut sql = tx.builder();
        sql.push("DELETE FROM order_lines WHERE company_id = ").bind(scope.company());
        sql.push(" AND order_id IN ").list(chunk);
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// The statements that write lines.
pub fn inserts(engine: Engine, company: CompanyId, rows: &[Row]) -> Vec<Builder> {
    let insert = |chunk: &[Row]| {
        let mut sql = Builder::new(engine);
        sql.push("INSERT INTO order_lines (company_id, order_id, id, position, type, product_id, sku, name, qty, unit_price, discount, tax_code_id, tax_rate, amount, net, tax) ");
        sql.values(chunk, |row, (order, cells)| {
            row.bind(company).bind(*order);
            cells.iter().cloned().for_each(|c| c.bind(row));
        });
        sql
    };
    rows.chunks(CHUNK).map(insert).collect()
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
