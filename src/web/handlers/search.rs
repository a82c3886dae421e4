//! Search over everything, and suggestions for fields that name a record.
use crate::{
    domain::{
        customer::Customer,
        field::Kind,
        page::{MasterFilter, OrderFilter},
        policy::Act,
        product::Product,
        tax::TaxCode,
        text::words,
    },
    service::{
        Master,
        error::Error,
        orders::{self, OrderRow},
        records,
        references::title_of,
        subjects::Subject,
    },
    web::{
        extract::Visit,
        problem::Result,
        query::Query,
        view::{Shell, show},
        views::pages::{FoundView, Search, Suggest},
    },
};
use axum::extract::Path;

const FOUND: i64 = 6;
const SUGGESTED: i64 = 12;

impl Search {
    /// Whether nothing was found.
    pub(in crate::web) fn none(&self) -> bool {
        self.groups.iter().all(|g| g.rows.is_empty())
    }
}

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let q = Query::of(&visit.uri).get("q").to_owned();
    let wanted: Vec<String> = words(&q).into_iter().take(12).collect();
    let shell = Shell::of(&visit, "Search", "");
    let groups = if wanted.is_empty() {
        vec![]
    } else {
        let mut all = vec![pages(&shell, &wanted)];
        all.extend(everything(&visit, &wanted).await?);
        all
    };
    Ok(show(&visit.hx, &Search { shell, q, groups }))
}

/// Pages by their names and by what people would look for on them.
fn pages(shell: &Shell, wanted: &[String]) -> FoundView {
    let (base, main, at, can) = (&shell.base, &shell.world.main, &shell.at, shell.can);
    let all = [
        (true, "Home", "dashboard start", format!("{base}{at}")),
        (true, "Orders", "list", format!("{base}/orders{at}")),
        (can.write_orders, "New order", "create", format!("{base}/orders/new")),
        (can.export, "Export orders", "csv download", format!("{base}/orders/export.csv{at}")),
        (can.records, "Customers", "list", format!("{base}/customers{at}")),
        (can.records, "Products", "list prices sku", format!("{base}/products{at}")),
        (can.records, "Tax codes", "vat rates", format!("{base}/tax-codes{at}")),
        (can.history, "Activity", "history changes commits", format!("{base}/commits")),
        (can.records, "Branches", "worlds merge", format!("{main}/branches")),
        (true, "Company", "settings members people roles", format!("{main}/settings")),
        (true, "Account", "password name sign out", "/account".to_owned()),
        (shell.platform_admin, "Platform", "admin companies people", "/admin".to_owned()),
    ];
    let begins = |text: &str| wanted.iter().all(|w| words(text).iter().any(|t| t.starts_with(w)));
    let found =
        all.into_iter().filter(|(may, name, more, _)| *may && begins(&format!("{name} {more}")));
    let rows = found.map(|(_, name, _, href)| (href, name.to_owned(), String::new()));
    FoundView { title: "Pages", icon: "chevron-right", rows: rows.collect() }
}

async fn everything(visit: &Visit, wanted: &[String]) -> Result<Vec<FoundView>> {
    let orders = found_orders(visit, wanted).await?;
    let customers = found::<Customer>(visit, wanted).await?;
    let products = found::<Product>(visit, wanted).await?;
    Ok(vec![
        FoundView { title: "Orders", icon: "shopping-cart", rows: orders },
        FoundView { title: "Customers", icon: "users", rows: customers },
        FoundView { title: "Products", icon: "package", rows: products },
    ])
}

type Rows = Vec<(String, String, String)>;

async fn found_orders(visit: &Visit, wanted: &[String]) -> Result<Rows> {
    let filter = OrderFilter { search: wanted.to_vec(), size: FOUND, ..OrderFilter::all() };
    let rows = orders::page(&visit.ctx, &filter).await?.rows;
    let row = |o: OrderRow| (visit.record(Kind::Order, o.id), o.title, o.customer_name);
    Ok(rows.into_iter().map(row).collect())
}

async fn found<M: Subject + Master>(visit: &Visit, wanted: &[String]) -> Result<Rows> {
    let filter = MasterFilter { search: wanted.to_vec(), size: FOUND, ..MasterFilter::default() };
    let (page, _) = records::list::<M>(&visit.ctx, &filter).await?;
    let row = |m: &M| (visit.record(M::KIND, m.id()), m.name().to_owned(), m.code().to_owned());
    Ok(page.rows.iter().map(row).collect())
}

/// Options for a field: `CODE · Name`.
pub(in crate::web) async fn suggest(
    visit: Visit,
    Path((_, _, kind)): Path<(String, String, String)>,
) -> Result {
    visit.ctx.may(Act::ReadRecords)?;
    let filter = MasterFilter {
        search: words(Query::of(&visit.uri).last()).into_iter().take(6).collect(),
        only_active: true,
        cursor: None,
        size: SUGGESTED,
    };
    let options = match kind.as_str() {
        "customers" => options::<Customer>(&visit, &filter).await?,
        "products" => options::<Product>(&visit, &filter).await?,
        "tax-codes" => options::<TaxCode>(&visit, &filter).await?,
        _ => return Err(Error::NotFound.into()),
    };
    Ok(show(&visit.hx, &Suggest { options }))
}

async fn options<M: Subject + Master>(visit: &Visit, filter: &MasterFilter) -> Result<Vec<String>> {
    let (page, _) = records::list::<M>(&visit.ctx, filter).await?;
    Ok(page.rows.iter().map(title_of).collect())
}
