//! Companies made up by the program: the demo, synthetic companies of any size, and the world that
//! tests work in. The same seed gives the same company.
use super::{
    accounts::{self, NewUser},
    companies::{self, NewCompany},
    context::Ctx,
    error::{Error, Result},
};
use crate::{
    app::App,
    domain::{
        company::User,
        customer::{Address, AddressKind, Blocked, Contact, Customer, CustomerAddress},
        history::cause::Cause,
        ids::{CustomerId, LineId, OrderId, ProductId, TaxCodeId},
        number::{Qty, Rate, UnitPrice},
        order::{Channel, Line, LineType, Order, PriceSource, State},
        policy::Role,
        product::Product,
        record::Record,
        tax::{DatedRate, TaxCode},
        time::Ts,
    },
    store::{masters, ready::Step, write::Said},
};
use std::collections::{BTreeMap, BTreeSet};

const FIRST: [&str; 12] = [
    "Halvorsen",
    "Atlas",
    "Kühn",
    "Tanaka",
    "Greenfield",
    "Okonkwo",
    "Meridian",
    "Pell",
    "Brightwater",
    "Lindqvist",
    "Moreau",
    "Ferreira",
];
const SECOND: [&str; 10] = [
    "Marine",
    "Fabrication",
    "Bakery",
    "Woodworks",
    "Co-op",
    "& Sons",
    "Labs",
    "Hotels",
    "Trading",
    "Outfitters",
];
const PLACES: [(&str, &str); 10] = [
    ("Bergen", "NO"),
    ("Turin", "IT"),
    ("Köln", "DE"),
    ("Kyoto", "JP"),
    ("Cork", "IE"),
    ("York", "GB"),
    ("Lyon", "FR"),
    ("Porto", "PT"),
    ("Austin", "US"),
    ("Leeds", "GB"),
];
const THINGS: [&str; 12] = [
    "Hinge", "Cleat", "Rope", "Shackle", "Fender", "Bracket", "Hook", "Lantern", "Crate", "Basket",
    "Clamp", "Pulley",
];
const KINDS: [&str; 8] =
    ["Brass", "Stainless", "Polyester", "Navy", "Oak", "Galvanised", "Copper", "Canvas"];
/// Orders written at a time.
const BATCH: usize = 500;
const DAY: i64 = 86_400;

/// How much of everything.
#[derive(Clone, Copy)]
pub struct Size {
    pub customers: usize,
    pub products: usize,
    pub orders: usize,
}

impl Size {
    /// As many customers and products as go with a number of orders.
    pub fn of_orders(orders: usize) -> Self {
        Self {
            customers: (orders / 20).clamp(20, 5000),
            products: (orders / 50).clamp(40, 2000),
            orders,
        }
    }
}

/// A company of a size. `mark` goes into every text, so that it can be found again wherever it leaks.
pub async fn company(ctx: &Ctx, size: Size, mark: &str) -> Result<i64> {
    let maker = Maker { ctx, mark };
    let mut w = ctx.write().await?;
    if !masters::all::<Customer>(&mut w.tx, &ctx.scope).await?.is_empty() {
        let text = "This company has records already; generate fills an empty one.";
        return Err(Error::Refused(text.into()));
    }
    let taxes: Vec<TaxCode> =
        [("S", "Standard", 200_000), ("Z", "Zero", 0)].into_iter().map(|t| maker.tax(t)).collect();
    let customers: Vec<Customer> = (0..size.customers).map(|i| maker.customer(i)).collect();
    let products: Vec<Product> = (0..size.products).map(|i| maker.product(i, &taxes[0])).collect();
    w.put(taxes.iter().cloned().map(Step::new)).await?;
    w.put(customers.iter().cloned().map(Step::new)).await?;
    w.put(products.iter().cloned().map(Step::new)).await?;
    let mut done = 0;
    while done < size.orders {
        let n = BATCH.min(size.orders - done);
        let orders = (done..done + n).map(|i| maker.order(i, size.orders, (&customers, &products)));
        w.put(orders.map(Step::new)).await?;
        done += n;
    }
    let message = format!("Generated {} orders", size.orders);
    Ok(w.finish(Said { cause: Cause::Import, message: &message }).await?)
}

struct Maker<'a> {
    ctx: &'a Ctx,
    mark: &'a str,
}

impl Maker<'_> {
    fn pick<'t, T>(&self, of: &'t [T]) -> &'t T {
        &of[self.ctx.app.rng.index(of.len())]
    }
    fn below(&self, n: u64) -> i64 {
        i64::try_from(self.ctx.app.rng.below(n)).unwrap_or_default()
    }
    /// A text with the mark, if there is one.
    fn marked(&self, text: String) -> String {
        if self.mark.is_empty() { text } else { format!("{text} {}", self.mark) }
    }

    fn tax(&self, (code, name, rate): (&str, &str, i64)) -> TaxCode {
        TaxCode {
            id: TaxCodeId(self.ctx.next_id()),
            code: code.into(),
            name: self.marked(name.into()),
            country: None,
            rates: vec![DatedRate { id: self.ctx.next_id(), rate: Rate(rate), valid_from: None }],
            legal_text: None,
            active: true,
        }
    }

    fn address(&self) -> CustomerAddress {
        let (city, country) = *self.pick(&PLACES);
        let street = self.pick(&["High Street", "Dokkeveien", "Via Roma", "Station Road"]);
        let address = Address {
            line1: Some(format!("{street} {}", 1 + self.below(99))),
            city: Some(city.into()),
            country: Some(country.into()),
            ..Address::default()
        };
        CustomerAddress { id: self.ctx.next_id(), kind: AddressKind::Both, address }
    }

    fn customer(&self, i: usize) -> Customer {
        let name = format!("{} {}", self.pick(&FIRST), self.pick(&SECOND));
        Customer {
            id: CustomerId(self.ctx.next_id()),
            number: format!("C-{:05}", i + 1),
            name: self.marked(if i < 100 { name } else { format!("{name} {}", i / 100) }),
            legal_name: None,
            tax_id: None,
            email: Some(format!("orders{}@example.com", i + 1)),
            phone: Some(format!("+44 20 7946 {:04}", self.below(10_000))),
            currency: Some(self.ctx.company.currency),
            terms_days: Some(*self.pick(&[14, 30, 45])),
            credit_limit: None,
            blocked: Blocked::No,
            language: None,
            addresses: vec![self.address()],
            contacts: vec![Contact {
                id: self.ctx.next_id(),
                name: self.marked("Purchasing".into()),
                email: None,
                phone: None,
                role: None,
            }],
            note: None,
            tags: BTreeSet::new(),
            custom: BTreeMap::new(),
            active: i % 40 != 39,
        }
    }

    fn product(&self, i: usize, tax: &TaxCode) -> Product {
        let name = format!(
            "{} {} {} mm",
            self.pick(&KINDS),
            self.pick(&THINGS).to_lowercase(),
            5 * (1 + self.below(40))
        );
        let hundredths = 50 + self.below(25_000);
        Product {
            id: ProductId(self.ctx.next_id()),
            sku: format!("SKU-{:05}", i + 1),
            barcode: None,
            name: self.marked(name),
            description: None,
            unit: Some((*self.pick(&["piece", "box of 20", "m"])).into()),
            unit_price: Some(UnitPrice(10_000 * hundredths)),
            cost_price: Some(UnitPrice(10_000 * (hundredths * 3 / 5))),
            cost_salt: None,
            tax_code: Some(tax.id),
            weight_g: None,
            stocked: true,
            active: true,
            tags: BTreeSet::new(),
            custom: BTreeMap::new(),
        }
    }

    fn order(
        &self,
        i: usize,
        of: usize,
        (customers, products): (&[Customer], &[Product]),
    ) -> Order {
        let customer = self.pick(customers);
        let placed = self.placed(i, of);
        let state = self.state(i, of);
        let number = format!("{}{:07}", self.ctx.company.number_prefix, i + 1);
        let promised = placed.plus_seconds(DAY * (3 + self.below(20)));
        let zone = self.ctx.company.zone();
        let mut order = Order {
            id: OrderId(self.ctx.next_id()),
            draft_ref: format!("D-{}", self.ctx.app.rng.word(6)),
            number: (state != State::Draft).then_some(number),
            state,
            customer: customer.id,
            customer_name: customer.name.clone(),
            customer_po: Some(self.marked(format!("PO-{}", 100_000 + self.below(900_000)))),
            placed_at: placed,
            billing: customer.address(AddressKind::Billing).cloned(),
            shipping: customer.address(AddressKind::Shipping).cloned(),
            terms_days: customer.terms_days,
            promised_date: Some(promised.day(&zone)),
            channel: Channel::Import,
            internal_note: i.is_multiple_of(7).then(|| self.marked("Call before delivery".into())),
            cancel_reason: (state == State::Cancelled).then(|| "customer".into()),
            ..Order::empty(&self.ctx.company, self.ctx.now())
        };
        let n = 1 + self.ctx.app.rng.index(5);
        order.lines = (0..n).map(|p| self.line(p, self.pick(products))).collect();
        let _ = order.settle();
        order
    }

    /// Spread over three years up to now, later orders later.
    fn placed(&self, i: usize, of: usize) -> Ts {
        let span = 3 * 365 * DAY;
        let back =
            span - span * i64::try_from(i + 1).unwrap_or(1) / i64::try_from(of.max(1)).unwrap_or(1);
        self.ctx.now().plus_seconds(-back - self.below(3600))
    }

    /// Old orders are done; the newest are being worked on.
    fn state(&self, i: usize, of: usize) -> State {
        let newest = i + of / 10 >= of;
        match (self.below(100), newest) {
            (0..=7, _) => State::Cancelled,
            (8..=35, true) => State::Draft,
            (36..=80, true) | (8..=12, false) => State::Confirmed,
            _ => State::Completed,
        }
    }

    fn line(&self, p: usize, product: &Product) -> Line {
        Line {
            id: LineId(self.ctx.next_id()),
            position: (i64::try_from(p).unwrap_or_default() + 1) * 1024,
            kind: LineType::Item,
            product: Some(product.id),
            sku: Some(product.sku.clone()),
            name: Some(product.name.clone()),
            unit: product.unit.clone(),
            qty: Qty(10_000 * (1 + self.below(40))),
            list_price: product.unit_price,
            unit_price: product.unit_price.unwrap_or_default(),
            price_source: PriceSource::List,
            discount: (self.below(5) == 0).then_some(Rate(50_000)),
            tax_code: product.tax_code,
            tax_rate: Some(Rate(200_000)),
            requested_date: None,
            note: None,
        }
    }
}

/// The demo company with colleagues in every role.
pub async fn demo(app: &App, user: NewUser) -> Result<User> {
    let password = user.password.clone();
    let admin = accounts::create_user(app, user).await?;
    let new = NewCompany {
        slug: "northbrook".into(),
        name: "Northbrook Supply".into(),
        currency: "GBP".into(),
        timezone: "Europe/London".into(),
    };
    companies::create_company(app, &new, admin.id).await?;
    let ctx = Ctx::of_operator(app, &new.slug).await?;
    for (name, role) in [
        ("Jonas Okafor", Role::Lead),
        ("Priya Raman", Role::Clerk),
        ("Tom Achterberg", Role::Viewer),
    ] {
        colleague(&ctx, name, (role, &password)).await?;
    }
    company(&ctx, Size { customers: 60, products: 120, orders: 1200 }, "").await?;
    Ok(admin)
}

async fn colleague(ctx: &Ctx, name: &str, (role, password): (Role, &str)) -> Result<User> {
    let email = format!("{}@{}.example.com", role.word(), ctx.company.slug);
    let new = NewUser {
        email: email.clone(),
        name: name.into(),
        password: password.into(),
        platform_admin: false,
    };
    let user = accounts::create_user(&ctx.app, new).await?;
    companies::put_member(ctx, &email, (role, true)).await?;
    Ok(user)
}

/// What `seed --world` tells of a company.
#[derive(Debug, serde::Serialize)]
pub struct Seeded {
    pub slug: String,
    pub mark: String,
    pub password: String,
    /// Role → e-mail.
    pub logins: BTreeMap<String, String>,
    pub token: String,
    pub digest: String,
}

/// Companies alpha and beta with every role, each text marked with its company's canary.
pub async fn world(app: &App) -> Result<Vec<Seeded>> {
    let new = NewUser {
        email: "platform@example.com".into(),
        name: "Platform".into(),
        password: WORLD_PASSWORD.into(),
        platform_admin: true,
    };
    let platform = accounts::create_user(app, new).await?;
    Ok(vec![
        marked_company(app, "alpha", &platform).await?,
        marked_company(app, "beta", &platform).await?,
    ])
}

/// Everybody's in the world of tests.
const WORLD_PASSWORD: &str = "canary canary 4711";

async fn marked_company(app: &App, slug: &str, platform: &User) -> Result<Seeded> {
    let mark = format!("{}-CANARY", slug.to_uppercase());
    let new = NewCompany {
        slug: slug.into(),
        name: format!("Company {mark}"),
        currency: "GBP".into(),
        timezone: "Europe/London".into(),
    };
    companies::create_company(app, &new, platform.id).await?;
    let ctx = Ctx::of_operator(app, slug).await?;
    let mut logins = BTreeMap::new();
    for role in Role::ALL {
        let name = format!("{} {mark}", role.label());
        let user = colleague(&ctx, &name, (*role, WORLD_PASSWORD)).await?;
        logins.insert(role.word().to_owned(), user.email);
    }
    company(&ctx, Size { customers: 50, products: 200, orders: 500 }, &mark).await?;
    let admin = accounts::user_of(app, &logins["admin"]).await?;
    let token = accounts::create_token(app, &admin, (slug, "tests")).await?;
    let digest = super::verify::digest(&ctx).await?;
    Ok(Seeded { slug: slug.into(), mark, password: WORLD_PASSWORD.into(), logins, token, digest })
}
