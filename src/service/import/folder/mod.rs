//! Import of a whole installation from a folder of CSV files: companies, people, customers, products
//! and orders, ids kept. Each company is one commit; a company that is here already is left alone, so
//! an import that was cut off is simply run again.
mod orders;
mod rows;

use super::Progress;
use crate::{
    app::App,
    domain::{
        customer::Customer,
        history::cause::Cause,
        ids::CompanyId,
        product::Product,
        scope::{Membership, Scope},
    },
    service::{
        context::Ctx,
        error::{Error, Result},
    },
    store::{accounts, commits, ready::Step, write::Said},
};
use orders::{Names, Orders};
use rows::{CompanyRow, CustomerRow, ProductRow, Rows, UserRow};
use std::{collections::BTreeSet, path::Path};

/// Orders written at a time.
const BATCH: usize = 500;

/// What was brought in of one company; all zero if it was here already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    pub slug: String,
    pub customers: usize,
    pub products: usize,
    pub orders: u64,
    pub seq: Option<i64>,
}

/// Reads the folder; see `docs/import.md` for its files.
///
/// # Errors
/// `Refused` with file and line for anything that cannot be read.
pub async fn import(app: &App, folder: &Path, tell: &mut Progress<'_>) -> Result<Vec<Brought>> {
    let mut rows = Rows::open(folder, "companies.csv")?;
    let mut companies: Vec<CompanyRow> = vec![];
    while let Some(row) = rows.next()? {
        companies.push(row);
    }
    let mut users = Rows::by_company(folder, "users.csv", |u: &UserRow| u.company_id)?;
    let mut customers =
        Rows::by_company(folder, "customers.csv", |c: &CustomerRow| Some(c.company_id))?;
    let mut products =
        Rows::by_company(folder, "products.csv", |p: &ProductRow| Some(p.company_id))?;
    let known: BTreeSet<CompanyId> = companies.iter().map(|c| c.id).collect();
    of_known_companies(&known, "users.csv", users.keys())?;
    of_known_companies(&known, "customers.csv", customers.keys())?;
    of_known_companies(&known, "products.csv", products.keys())?;
    let mut orders = Orders::open(folder)?;
    platform_admins(app, users.remove(&None).unwrap_or_default()).await?;
    let mut out = vec![];
    for row in companies {
        let key = Some(row.id);
        let slug = row.slug.clone();
        let known = found_company(app, row, users.remove(&key).unwrap_or_default()).await?;
        let ctx = Ctx::of_operator(app, &slug).await?;
        let (customers, products) = (customers.remove(&key), products.remove(&key));
        let masters = Masters::of(&ctx, &customers.unwrap_or_default(), products)?;
        out.push(if known {
            orders.skip(ctx.company.id, tell)?;
            Brought { slug, ..Brought::default() }
        } else {
            write(&ctx, masters, &mut orders, tell).await?
        });
    }
    orders.end()?;
    Ok(out)
}

/// Refuses rows that nobody would take, before anything is written.
fn of_known_companies<'a>(
    known: &BTreeSet<CompanyId>,
    file: &str,
    mut named: impl Iterator<Item = &'a Option<CompanyId>>,
) -> Result<()> {
    match named.find_map(|id| id.filter(|id| !known.contains(id))) {
        Some(id) => Err(Error::Refused(format!(
            "{file} has rows of company {id}, which is not in companies.csv. Nothing was imported."
        ))),
        None => Ok(()),
    }
}

/// Makes the company and its people unless they are here. Returns whether its records are.
async fn found_company(app: &App, row: CompanyRow, users: Vec<UserRow>) -> Result<bool> {
    let mut tx = app.db.read_accounts().await?;
    let here = accounts::company(&mut tx, &row.slug).await?;
    drop(tx);
    let scope = Scope::of_operator(row.id);
    if here.as_ref().is_some_and(|c| c.id != row.id) {
        let text = format!("Another company is called `{}` here already.", row.slug);
        return Err(Error::Refused(text));
    }
    if here.is_some() {
        let mut tx = app.db.glance(&scope).await?;
        return Ok(commits::has_cause(&mut tx, &scope, Cause::Import).await?);
    }
    let mut people = vec![];
    for user in users {
        people.push((app.hashing.hash(&user.password).await?, user));
    }
    let mut tx = app.db.write(&scope).await?;
    let (id, now) = (row.id, row.created_at);
    accounts::insert_company(&mut tx, &row.company(), now).await?;
    accounts::begin_chain(&mut tx, id).await?;
    for (phc, user) in people {
        let member = Membership { company: id, user: user.id, role: user.role()? };
        accounts::insert_user(&mut tx, &user.user(false), &phc, user.created_at).await?;
        accounts::put_member(&mut tx, &member, user.is_active != 0, user.created_at).await?;
    }
    tx.commit().await?;
    Ok(false)
}

async fn platform_admins(app: &App, users: Vec<UserRow>) -> Result<()> {
    for row in users {
        let mut tx = app.db.read_accounts().await?;
        let known = accounts::login(&mut tx, &row.email).await?.is_some();
        drop(tx);
        if !known {
            let phc = app.hashing.hash(&row.password).await?;
            let mut tx = app.db.write_accounts().await?;
            accounts::insert_user(&mut tx, &row.user(true), &phc, row.created_at).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// What a company's orders refer to.
struct Masters {
    customers: Vec<Step<Customer>>,
    products: Vec<Step<Product>>,
}

impl Masters {
    fn of(ctx: &Ctx, customers: &[CustomerRow], products: Option<Vec<ProductRow>>) -> Result<Self> {
        let customers = customers.iter().map(|r| r.customer(ctx).map(Step::new));
        let products = products.unwrap_or_default();
        let products = products.iter().map(|r| r.product().map(Step::new));
        Ok(Self {
            customers: customers.collect::<Result<_>>()?,
            products: products.collect::<Result<_>>()?,
        })
    }
}

/// Writes a company's records as one commit.
async fn write(
    ctx: &Ctx,
    masters: Masters,
    orders: &mut Orders,
    tell: &mut Progress<'_>,
) -> Result<Brought> {
    let names = Names::of(&masters);
    let mut w = ctx.write().await?;
    w.put(masters.customers.iter().cloned()).await?;
    w.put(masters.products.iter().cloned()).await?;
    let (mut batch, mut n) = (vec![], 0);
    while let Some(row) = orders.next(ctx.company.id)? {
        batch.push(Step::new(orders.order(ctx, &row, &names)?));
        n += 1;
        if batch.len() >= BATCH {
            w.put(std::mem::take(&mut batch)).await?;
            tell(orders.read, None);
        }
    }
    w.put(batch).await?;
    let seq =
        w.finish(Said { cause: Cause::Import, message: &format!("Imported {n} orders") }).await?;
    let (customers, products) = (masters.customers.len(), masters.products.len());
    Ok(Brought { slug: ctx.company.slug.clone(), customers, products, orders: n, seq: Some(seq) })
}
