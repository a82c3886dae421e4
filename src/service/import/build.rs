//! The second pass: rows become orders, and orders are written as soon as they are whole.
use super::{
    Named, Progress, Summary, Survey,
    layout::{Layout, Row},
    table::Table,
};
use crate::{
    domain::{
        customer::{Address, AddressKind, Blocked, Customer, CustomerAddress},
        history::cause::Cause,
        ids::{CustomerId, LineId, OrderId, ProductId},
        order::{Channel, Line, LineType, Order, PriceSource, State},
        product::Product,
        record::Record,
        text::fold,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
    },
    store::{
        masters, orders,
        ready::{self, Place, Step},
        write::{Said, Write},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
};
use tokio::sync::mpsc;

/// Orders written at a time.
const BATCH: usize = 200;
/// Batches that may wait for the database.
const AHEAD: usize = 2;

/// Writes everything that the survey found and the company does not have yet. The next orders are
/// made on another core while the database writes the last ones.
pub async fn write(
    ctx: &Ctx,
    (file, layout): (&Path, &Layout),
    survey: Survey,
    progress: &mut Progress<'_>,
) -> Result<Summary> {
    let mut w = ctx.write().await?;
    let known = orders::known_refs(&mut w.tx, &ctx.scope, &layout.source).await?;
    let known: HashSet<String> = known.into_iter().collect();
    let (rows, rejected, reasons) = (survey.rows, survey.rejected, survey.reasons.clone());
    let new: Vec<String> = survey.orders.keys().filter(|n| !known.contains(*n)).cloned().collect();
    let here = (survey.orders.len() - new.len()) as u64;
    let mut summary = Summary { rows, rejected, reasons, known: here, ..Summary::default() };
    if new.is_empty() {
        return Ok(summary);
    }
    let taken = orders::taken_numbers(&mut w.tx, &ctx.scope, &new).await?;
    if let Some(one) = taken.first() {
        return Err(Error::Refused(format!(
            "{} of the file's numbers belong to orders that came another way, `{one}` for example. Give those rows other numbers or take them out; nothing was imported.",
            taken.len()
        )));
    }
    let maker = Maker::prepare(ctx, &mut w, layout, &survey, &mut summary).await?;
    let (send, mut batches) = mpsc::channel(AHEAD);
    let place = w.place();
    let task = Making { maker, known, parts: survey.orders, place, summary };
    let (file, layout) = (file.to_owned(), layout.clone());
    let making = tokio::task::spawn_blocking(move || task.run(&file, &layout, &send));
    while let Some((batch, read)) = batches.recv().await {
        w.put_batch::<Order>(batch).await?;
        progress(read, Some(rows));
    }
    let mut summary = making.await.map_err(|e| Error::Ours(e.to_string()))??;
    let message = format!("Imported {} orders with {} lines", summary.orders, summary.lines);
    summary.seq = Some(w.finish(Said { cause: Cause::Import, message: &message }).await?);
    Ok(summary)
}

/// Orders made ready, and how many rows of the file were read for them.
type Batch = (ready::Batch, u64);

/// The second reading of the file.
struct Making {
    maker: Maker,
    known: HashSet<String>,
    /// Accepted rows of each order.
    parts: HashMap<String, u32>,
    place: Place,
    summary: Summary,
}

impl Making {
    fn run(mut self, file: &Path, layout: &Layout, to: &mpsc::Sender<Batch>) -> Result<Summary> {
        let mut table = Table::open(file)?;
        let columns = layout.columns(&table.header)?;
        let ctx = self.maker.ctx.clone();
        let mut reader = layout.reader(&ctx, columns);
        let (mut open, mut whole, mut read) = (HashMap::<String, Vec<Row>>::new(), vec![], 0);
        while let Some(record) = table.read()? {
            read += 1;
            let Ok(row) = record.and_then(|r| reader.read(r)) else { continue };
            if self.known.contains(&row.number) {
                continue;
            }
            let number = row.number.clone();
            let rows = open.entry(number.clone()).or_default();
            rows.push(row);
            if u32::try_from(rows.len()) == Ok(self.parts[&number]) {
                let rows = open.remove(&number).unwrap_or_default();
                whole.push(Step::new(self.maker.order(&rows, &mut self.summary)?));
            }
            if whole.len() >= BATCH && !self.send(&std::mem::take(&mut whole), read, to) {
                break;
            }
        }
        self.send(&whole, read, to);
        Ok(self.summary)
    }

    /// Whether anybody still waits for it: if writing failed, nobody does.
    fn send(&self, whole: &[Step<Order>], read: u64, to: &mpsc::Sender<Batch>) -> bool {
        to.blocking_send((ready::Batch::of(&self.place, whole), read)).is_ok()
    }
}

/// Makes orders of rows.
struct Maker {
    ctx: Ctx,
    source: String,
    customers: HashMap<String, (CustomerId, String)>,
    products: HashMap<String, (ProductId, String)>,
}

impl Maker {
    /// Looks up customers and products, and makes those that are missing.
    async fn prepare(
        ctx: &Ctx,
        w: &mut Write,
        layout: &Layout,
        survey: &Survey,
        summary: &mut Summary,
    ) -> Result<Maker> {
        let mut out = Maker {
            ctx: ctx.clone(),
            source: layout.source.clone(),
            customers: HashMap::new(),
            products: HashMap::new(),
        };
        for c in masters::all::<Customer>(&mut w.tx, &ctx.scope).await? {
            out.customers.insert(fold(&c.number), (c.id, c.name));
        }
        for p in masters::all::<Product>(&mut w.tx, &ctx.scope).await? {
            out.products.insert(fold(&p.sku), (p.id, p.sku));
        }
        let missing = survey.customers.iter().filter(|(key, _)| !out.customers.contains_key(*key));
        let customers: Vec<_> = missing.map(|(_, of)| Step::new(customer(ctx, of))).collect();
        let missing = survey.products.iter().filter(|(key, _)| !out.products.contains_key(*key));
        let products: Vec<_> = missing.map(|(_, of)| Step::new(product(ctx, of))).collect();
        w.put(customers.iter().cloned()).await?;
        w.put(products.iter().cloned()).await?;
        (summary.customers, summary.products) = (customers.len() as u64, products.len() as u64);
        for c in customers.into_iter().filter_map(|s| s.after) {
            out.customers.insert(fold(&c.number), (c.id, c.name));
        }
        for p in products.into_iter().filter_map(|s| s.after) {
            out.products.insert(fold(&p.sku), (p.id, p.sku));
        }
        Ok(out)
    }

    fn order(&mut self, rows: &[Row], summary: &mut Summary) -> Result<Order> {
        let first = &rows[0];
        let (customer, customer_name) = self
            .customers
            .get(&fold(&first.customer))
            .cloned()
            .unwrap_or((CustomerId(uuid::Uuid::nil()), String::new()));
        let country = rows.iter().find_map(|r| r.country.clone());
        let mut order = Order {
            id: OrderId(self.ctx.next_id()),
            draft_ref: first.number.clone(),
            number: Some(first.number.clone()),
            kind: first.kind,
            state: State::Completed,
            customer,
            customer_name,
            customer_po: rows.iter().find_map(|r| r.reference.clone()),
            placed_at: rows.iter().map(|r| r.placed_at).min().unwrap_or(first.placed_at),
            shipping: country.map(|c| Address { country: Some(c), ..Address::default() }),
            channel: Channel::Import,
            source: Some(self.source.clone()),
            external_ref: Some(first.number.clone()),
            lines: rows.iter().enumerate().map(|(i, r)| self.line(i, r)).collect(),
            ..Order::empty(&self.ctx.company, self.ctx.now())
        };
        let refused = |what: String| {
            Error::Refused(format!("Order {}: {what}. Nothing was imported.", first.number))
        };
        if order.lines.len() > crate::domain::input::MAX_PARTS {
            return Err(refused(format!(
                "{} lines; at most {}",
                order.lines.len(),
                crate::domain::input::MAX_PARTS
            )));
        }
        order.settle().map_err(|p| refused(Error::Invalid(p).to_string()))?;
        let sums = order.totals().map_err(|e| refused(e.to_string()))?;
        summary.orders += 1;
        summary.lines += order.lines.len() as u64;
        summary.amount += sums.lines.iter().map(|l| l.amount).sum::<i64>();
        Ok(order)
    }

    fn line(&self, i: usize, row: &Row) -> Line {
        let product = row.sku.as_deref().and_then(|s| self.products.get(&fold(s)));
        Line {
            id: LineId(self.ctx.next_id()),
            position: i64::try_from(i + 1).unwrap_or_default() * 1024,
            kind: LineType::Item,
            product: product.map(|p| p.0),
            sku: product.map(|p| p.1.clone()),
            name: row.description.clone(),
            unit: None,
            qty: row.qty,
            list_price: None,
            unit_price: row.unit_price,
            price_source: PriceSource::Import,
            discount: row.discount,
            tax_code: None,
            tax_rate: row.tax_rate,
            requested_date: None,
            note: None,
        }
    }
}

fn customer(ctx: &Ctx, of: &Named) -> Customer {
    let address = of.country.clone().map(|c| CustomerAddress {
        id: ctx.next_id(),
        kind: AddressKind::Both,
        address: Address { country: Some(c), ..Address::default() },
    });
    Customer {
        id: CustomerId(ctx.next_id()),
        number: of.number.clone(),
        name: of.name.clone(),
        legal_name: None,
        tax_id: None,
        email: None,
        phone: None,
        currency: Some(ctx.company.currency),
        terms_days: None,
        credit_limit: None,
        blocked: Blocked::No,
        language: None,
        addresses: address.into_iter().collect(),
        contacts: vec![],
        note: None,
        tags: BTreeSet::new(),
        custom: BTreeMap::new(),
        active: true,
    }
}

/// A product is called by its most frequent description, ties by the alphabet.
fn product(ctx: &Ctx, (sku, names): &(String, HashMap<String, u32>)) -> Product {
    let name =
        names.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0))).map(|(n, _)| n.clone());
    let name = name.map(|n| n.chars().take(200).collect());
    Product {
        id: ProductId(ctx.next_id()),
        sku: sku.clone(),
        barcode: None,
        name: name.unwrap_or_else(|| sku.clone()),
        description: None,
        unit: None,
        unit_price: None,
        cost_price: None,
        cost_salt: None,
        tax_code: None,
        weight_g: None,
        stocked: true,
        active: true,
        tags: BTreeSet::new(),
        custom: BTreeMap::new(),
    }
}
