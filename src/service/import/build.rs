//! The second pass: rows become orders, and orders are written as soon as they are whole.
use super::{
    Ask, Named, Progress, Summary, Survey,
    layout::{Layout, Row},
    table::Table,
};
use crate::{
    domain::{
        branch::{Branch, Visibility, slug_of},
        customer::{Address, AddressKind, Blocked, Customer, CustomerAddress},
        history::cause::Cause,
        ids::{CustomerId, LineId, OrderId, ProductId, of_name},
        input::MAX_PARTS,
        order::{Channel, Line, LineType, Order, PriceSource, State},
        product::Product,
        record::Record,
        scope::World,
        text::fold,
    },
    service::{
        branches::{self, NewBranch},
        context::Ctx,
        error::{Error, Result},
    },
    store::{
        self, masters, orders,
        ready::{self, Place, Step},
        versions,
        write::{Said, Write},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Orders written at a time.
const BATCH: usize = 200;
/// Batches that may wait for the database.
const AHEAD: usize = 2;

/// Writes everything that the survey found and the world does not have yet. The next orders are made on
/// another core while the database writes the last ones.
pub async fn write(
    ctx: &Ctx,
    (ask, layout): (&Ask<'_>, &Layout),
    survey: Survey,
    progress: &mut Progress<'_>,
) -> Result<Summary> {
    let mut w = begin(ctx, ask.branch).await?;
    let ctx = &Ctx { scope: w.scope().clone(), ..ctx.clone() };
    let known = orders::known_refs(&mut w.tx, &ctx.scope, &layout.source).await?;
    let known: HashSet<String> = known.into_iter().collect();
    let (rows, rejected, reasons) = (survey.rows, survey.rejected, survey.reasons.clone());
    let new: Vec<String> = survey.orders.keys().filter(|n| !known.contains(*n)).cloned().collect();
    let here = (survey.orders.len() - new.len()) as u64;
    let branch = ctx.scope.world().branch().map(|b| b.name.clone());
    let mut summary =
        Summary { rows, rejected, reasons, branch, known: here, ..Summary::default() };
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
    let mut maker = Maker::prepare(ctx, &mut w, layout, &survey, &mut summary).await?;
    let named = new.iter().map(|number| maker.order_id(number)).collect::<Vec<_>>();
    maker.used = versions::known::<Order>(&mut w.tx, &ctx.scope, &named).await?;
    let (send, mut batches) = mpsc::channel(AHEAD);
    let place = w.place();
    let task = Making { maker, known, parts: survey.orders, place, summary };
    let (file, layout) = (ask.file.to_owned(), layout.clone());
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

/// Begins the commit in the world that a branch's slug or name says: that branch, or one that it opens.
async fn begin(ctx: &Ctx, name: &str) -> Result<Write> {
    if name.eq_ignore_ascii_case("main") {
        return ctx.write().await;
    }
    if let Some(branch) = called(ctx, name).await? {
        return ctx.clone().in_world(World::Branch(branch)).write().await;
    }
    let mut w = ctx.write().await?;
    let new = NewBranch { name, note: "", visibility: Visibility::Company, copy_of: "" };
    branches::begin(ctx, &mut w, &new).await?;
    Ok(w)
}

/// The branch of this slug, or the open one of this name.
async fn called(ctx: &Ctx, name: &str) -> Result<Option<Branch>> {
    let mut tx = ctx.read().await?;
    let mut nth = 1;
    loop {
        let slug = slug_of(name, nth);
        let found = store::branches::by_slug(&mut tx, &ctx.scope, &slug).await?;
        let Some(branch) = found else { return Ok(None) };
        if branch.slug == name || (branch.name == name.trim() && branch.closed().is_none()) {
            return Ok(Some(branch));
        }
        nth += 1;
    }
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
            if whole.len() >= BATCH && !self.send(std::mem::take(&mut whole), read, to) {
                break;
            }
        }
        self.send(whole, read, to);
        Ok(self.summary)
    }

    /// Whether anybody still waits for it: if writing failed, nobody does.
    fn send(&self, whole: Vec<Step<Order>>, read: u64, to: &mpsc::Sender<Batch>) -> bool {
        to.blocking_send((ready::Batch::of(&self.place, whole), read)).is_ok()
    }
}

/// Makes orders of rows.
struct Maker {
    ctx: Ctx,
    source: String,
    customers: HashMap<String, (CustomerId, String)>,
    products: HashMap<String, (ProductId, String)>,
    /// Identities of the file's orders that the world knows already: most are of orders that were deleted.
    used: BTreeSet<Uuid>,
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
            used: BTreeSet::new(),
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
        let missing: Vec<_> =
            missing.map(|(key, of)| (of_name(ctx.company.id, &["product"], key), of)).collect();
        let ids: Vec<Uuid> = missing.iter().map(|(id, _)| *id).collect();
        let used = versions::known::<Product>(&mut w.tx, &ctx.scope, &ids).await?;
        let free = |id: Uuid| if used.contains(&id) { ctx.next_id() } else { id };
        let products: Vec<_> = missing
            .into_iter()
            .map(|(id, of)| Step::new(product(ProductId(free(id)), of)))
            .collect();
        w.put(customers.iter().cloned()).await?;
        w.put(products.iter().cloned()).await?;
        (summary.customers, summary.products) = (customers.len() as u64, products.len() as u64);
        for c in customers.into_iter().filter_map(|s| s.after) {
            out.customers.insert(fold(&c.number), (c.id, c.name.clone()));
        }
        for p in products.into_iter().filter_map(|s| s.after) {
            out.products.insert(fold(&p.sku), (p.id, p.sku.clone()));
        }
        Ok(out)
    }

    /// The same file gives the same orders in every world: brought in twice, they merge by identity.
    fn order_id(&self, number: &str) -> Uuid {
        of_name(self.ctx.company.id, &["order", &self.source], number)
    }

    /// The identity, or another one if it is that of an order that was deleted.
    fn free(&self, named: Uuid) -> Uuid {
        if self.used.contains(&named) { self.ctx.next_id() } else { named }
    }

    fn order(&mut self, rows: &[Row], summary: &mut Summary) -> Result<Order> {
        let first = &rows[0];
        let (customer, customer_name) = self
            .customers
            .get(&fold(&first.customer))
            .cloned()
            .unwrap_or((CustomerId(uuid::Uuid::nil()), String::new()));
        let country = rows.iter().find_map(|r| r.country.clone());
        let id = self.free(self.order_id(&first.number));
        let mut order = Order {
            id: OrderId(id),
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
            lines: rows.iter().enumerate().map(|(i, r)| self.line(id, (i, r))).collect(),
            ..Order::empty(&self.ctx.company, self.ctx.now())
        };
        let refused = |what: String| {
            Error::Refused(format!("Order {}: {what}. Nothing was imported.", first.number))
        };
        let n = order.lines.len();
        if n > MAX_PARTS {
            return Err(refused(format!("{n} lines; at most {MAX_PARTS}")));
        }
        order.settle().map_err(|p| refused(Error::Invalid(p).to_string()))?;
        let sums = order.totals().map_err(|e| refused(e.to_string()))?;
        summary.orders += 1;
        summary.lines += order.lines.len() as u64;
        summary.amount += sums.lines.iter().map(|l| l.amount).sum::<i64>();
        Ok(order)
    }

    fn line(&self, order: Uuid, (i, row): (usize, &Row)) -> Line {
        let id = of_name(
            self.ctx.company.id,
            &["line", &order.to_string(), &i.to_string()],
            &row.number,
        );
        let product = row.sku.as_deref().and_then(|s| self.products.get(&fold(s)));
        Line {
            id: LineId(id),
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
fn product(id: ProductId, (sku, names): &(String, HashMap<String, u32>)) -> Product {
    let name =
        names.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0))).map(|(n, _)| n.clone());
    let name = name.map(|n| n.chars().take(200).collect());
    Product {
        id,
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
