//! What each kind of record adds to the one engine: rights, defaults, what input stands for.
use super::{
    admission,
    context::Ctx,
    error::{Error, Result},
    references::code_in,
};
use crate::{
    domain::{
        customer::{AddressKind, Customer},
        history::diff::part,
        ids::{CustomerId, ProductId},
        order::{Channel, Order, PriceSource},
        policy::Act,
        product::Product,
        scope::AuthorKind,
        tax::TaxCode,
        totals::RULES,
    },
    store::{
        Failure,
        db::Tx,
        kinds::{Master, Stored},
        masters::{self, read},
        ready::Step,
        versions,
        write::Write,
    },
};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::future::Future;

/// A kind of record that people work with.
pub trait Subject: Stored {
    const READ: Act;
    const WRITE: Act;
    /// The field whose value no two records of a company share.
    const UNIQUE: &'static str;

    /// What an empty record of this kind starts from.
    fn blank_for(ctx: &Ctx) -> Value;
    /// Fills in what input left open (a line's product by its SKU). What it names is ids already.
    fn resolve(
        _: &Ctx,
        _: &mut Tx,
        _: &Value,
        given: Value,
    ) -> impl Future<Output = Result<Value>> + Send {
        async { Ok(given) }
    }
    /// Sets what follows from the fields just read.
    fn enrich(
        _: &Ctx,
        _: &mut Tx,
        _: &Value,
        _: &mut Value,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
    /// Whether this change may be made to this record by this person.
    fn admit(_: &Ctx, _: Option<&Self>, _: &Self) -> Result<()> {
        Ok(())
    }
    fn put(
        w: &mut Write,
        steps: &[Step<Self>],
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        async { w.put(steps).await }
    }
}

macro_rules! master_subjects {
    ($($t:ty: $write:expr;)+) => {$(
        impl Subject for $t {
            const READ: Act = Act::ReadRecords;
            const WRITE: Act = $write;
            const UNIQUE: &'static str = <$t as Master>::CODE;
            fn blank_for(ctx: &Ctx) -> Value {
                <$t as Master>::blank(&ctx.company)
            }
        }
    )+};
}
master_subjects! {
    Customer: Act::WriteRecords;
    Product: Act::WriteRecords;
    TaxCode: Act::WriteSettings;
}

impl Subject for Order {
    const READ: Act = Act::ReadOrders;
    const WRITE: Act = Act::WriteOrders;
    const UNIQUE: &'static str = "number";

    fn blank_for(ctx: &Ctx) -> Value {
        let channel =
            if ctx.scope.author() == AuthorKind::Token { Channel::Api } else { Channel::Manual };
        json!({
            "draft_ref": format!("D-{}", ctx.app.rng.word(6)),
            "kind": "order",
            "state": "draft",
            "placed_at": ctx.now(),
            "currency": ctx.company.currency.code(),
            "price_mode": ctx.company.price_mode.word(),
            "tax_rounding": ctx.company.tax_rounding.word(),
            "rules": RULES,
            "channel": channel.word(),
        })
    }

    async fn resolve(ctx: &Ctx, tx: &mut Tx, before: &Value, mut given: Value) -> Result<Value> {
        let terms = Terms {
            day: placed_day(ctx, before),
            listed: in_list_currency(ctx, given.get("currency").unwrap_or(&before["currency"])),
        };
        let Some(lines) = given.get_mut("lines").and_then(Value::as_array_mut) else {
            return Ok(given);
        };
        let mut last = 0;
        for (i, line) in lines.iter_mut().enumerate() {
            let known = line["id"].as_str().and_then(|id| part(&before["lines"], id)).cloned();
            let known = known.unwrap_or(Value::Null);
            complete_line(ctx, tx, (line, &known), (i, terms)).await?;
            let at = known["position"].as_i64().filter(|p| *p > last).unwrap_or(last + 1024);
            line["position"] = json!(at);
            last = at;
        }
        Ok(given)
    }

    async fn enrich(ctx: &Ctx, tx: &mut Tx, before: &Value, value: &mut Value) -> Result<()> {
        if value["customer"] != before["customer"] {
            copy_customer(ctx, tx, (value, before)).await?;
        }
        let listed = in_list_currency(ctx, &value["currency"]);
        for line in value.get_mut("lines").and_then(Value::as_array_mut).into_iter().flatten() {
            let id = line["id"].as_str().unwrap_or_default().to_owned();
            let known = part(&before["lines"], &id).unwrap_or(&Value::Null);
            list_price(ctx, tx, (line, known), listed).await?;
        }
        Ok(())
    }

    fn admit(ctx: &Ctx, before: Option<&Self>, after: &Self) -> Result<()> {
        before.map_or(Ok(()), |before| admission::order_edit(ctx, before, after))
    }

    async fn put(w: &mut Write, steps: &[Step<Self>]) -> Result<(), Failure> {
        w.put_orders(steps).await
    }
}

/// A line remembers the list price of the day its product was chosen; any other price is one that
/// somebody set by hand.
async fn list_price(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, known): (&mut Value, &Value),
    listed: bool,
) -> Result<()> {
    if line["product"] != known["product"] {
        let product = product_of(ctx, tx, line).await?;
        line["list_price"] = json!(product.and_then(|p| p.unit_price).filter(|_| listed));
    }
    let imported = line["price_source"] == PriceSource::Import.word()
        && line["unit_price"] == known["unit_price"];
    if !imported {
        let listed = !line["list_price"].is_null() && line["list_price"] == line["unit_price"];
        let source = if listed { PriceSource::List } else { PriceSource::Manual };
        line["price_source"] = json!(source.word());
    }
    drop_nulls(line);
    Ok(())
}

/// The product that a line names, if it is here.
async fn product_of(ctx: &Ctx, tx: &mut Tx, line: &Value) -> Result<Option<Product>> {
    let id: Option<ProductId> = serde_json::from_value(line["product"].clone()).unwrap_or_default();
    let Some(id) = id else { return Ok(None) };
    let version = versions::current::<Product>(tx, &ctx.scope, id.0).await?;
    Ok(version.map(|v| read(&v.body)).transpose()?)
}

/// What an order says of how its lines are filled in.
#[derive(Clone, Copy)]
struct Terms {
    /// The day whose tax rates hold.
    day: Date,
    /// List prices hold: the order is in their currency.
    listed: bool,
}

/// List prices are in the company's currency; in another one, somebody has to say the price.
fn in_list_currency(ctx: &Ctx, currency: &Value) -> bool {
    let code = currency.as_str().unwrap_or_default().trim();
    code.is_empty() || code.eq_ignore_ascii_case(ctx.company.currency.code())
}

fn placed_day(ctx: &Ctx, before: &Value) -> Date {
    let placed = serde_json::from_value(before["placed_at"].clone()).unwrap_or_else(|_| ctx.now());
    placed.day(&ctx.company.zone())
}

/// The order keeps its own copy of the customer's name, addresses and terms. What it had from the
/// customer before goes with that customer; what was typed in the same change stays.
async fn copy_customer(
    ctx: &Ctx,
    tx: &mut Tx,
    (value, before): (&mut Value, &Value),
) -> Result<()> {
    let id: CustomerId = serde_json::from_value(value["customer"].clone())
        .map_err(|_| Error::at("customer", "Choose a customer"))?;
    let version = versions::current::<Customer>(tx, &ctx.scope, id.0).await?;
    let version = version.ok_or_else(|| Error::at("customer", "This customer does not exist"))?;
    let customer: Customer = read(&version.body)?;
    value["customer_name"] = json!(customer.name);
    for (field, of_theirs) in [
        ("billing", json!(customer.address(AddressKind::Billing))),
        ("shipping", json!(customer.address(AddressKind::Shipping))),
        ("terms_days", json!(customer.terms_days)),
    ] {
        if value[field].is_null() || value.get(field) == before.get(field) {
            value[field] = of_theirs;
        }
    }
    drop_nulls(value);
    Ok(())
}

/// Indexing a value to look at it leaves a null behind; an empty field is not there at all.
fn drop_nulls(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, v| !v.is_null());
    }
}

fn blank(value: &Value) -> bool {
    value.as_str().map_or(value.is_null(), |t| t.trim().is_empty())
}

/// Fills in from the product what the line left open.
async fn complete_line(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, known): (&mut Value, &Value),
    (i, terms): (usize, Terms),
) -> Result<()> {
    if !line.is_object() {
        return Err(Error::at(&format!("lines.{i}"), "Send an object of fields"));
    }
    if blank(&line["type"]) && known.is_null() {
        line["type"] = json!("item");
    }
    if line.get("sku").is_some_and(blank) {
        line["product"] = Value::Null;
    }
    if line.get("sku").is_none() && line["product"] != known["product"] {
        line["sku"] = json!(product_of(ctx, tx, line).await?.map(|p| p.sku));
    }
    let sku = line["sku"].as_str().map(|s| code_in(s).to_owned());
    if let Some(sku) = &sku {
        line["sku"] = json!(sku);
    }
    // an unsaved line may have been filled in from one product and now be given another
    let filled = line.as_object_mut().and_then(|l| l.remove("filled"));
    let filled = filled.as_ref().and_then(Value::as_str).filter(|f| !f.is_empty());
    let changed = sku.as_deref().is_some_and(|s| {
        !s.is_empty() && (known["sku"].as_str() != Some(s) || filled.is_some_and(|f| f != s))
    });
    if let (Some(sku), true) = (&sku, changed) {
        let base = match filled {
            Some(filled) => of_product(ctx, tx, filled, terms).await?,
            None => known.clone(),
        };
        give_product(ctx, tx, (line, known, &base), (i, sku, terms)).await?;
    }
    drop_nulls_kept(line);
    Ok(())
}

/// Gives a line the product of another SKU.
async fn give_product(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, known, base): (&mut Value, &Value, &Value),
    (i, sku, terms): (usize, &str, Terms),
) -> Result<()> {
    let at = |field: &str, text: &str| Err(Error::at(&format!("lines.{i}.{field}"), text));
    let Some(product) = masters::by_code::<Product>(tx, &ctx.scope, sku).await? else {
        if line["type"].as_str().or(known["type"].as_str()) == Some("item") {
            return at("sku", "No product has this SKU");
        }
        line["product"] = Value::Null;
        return Ok(());
    };
    let named = &line["product"];
    if !blank(named) && *named != json!(product.id) && *named != known["product"] {
        return at("product", "This is not the product of the SKU");
    }
    copy_product(ctx, tx, (line, base), (&product, terms)).await
}

/// As [`drop_nulls`], for input: a null there clears the field, one we made by looking does not.
fn drop_nulls_kept(line: &mut Value) {
    if let Some(fields) = line.as_object_mut() {
        fields.retain(|name, v| !(v.is_null() && matches!(name.as_str(), "id" | "sku" | "type")));
    }
}

/// A line takes its product's texts and price, unless somebody typed others. What it still has from
/// the product before (`base`) goes with that one.
async fn copy_product(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, base): (&mut Value, &Value),
    (product, terms): (&Product, Terms),
) -> Result<()> {
    line["product"] = json!(product.id);
    line["sku"] = json!(product.sku);
    let Value::Object(offered) = offer(ctx, tx, product, terms).await? else { return Ok(()) };
    for (field, value) in offered {
        let stale = !base.is_null() && line[&field] == base[&field];
        if blank(&line[&field]) || stale {
            line[field] = value;
        }
    }
    Ok(())
}

/// What the product of a SKU offers a line; nothing if there is none.
async fn of_product(ctx: &Ctx, tx: &mut Tx, sku: &str, terms: Terms) -> Result<Value> {
    match masters::by_code::<Product>(tx, &ctx.scope, sku).await? {
        Some(product) => offer(ctx, tx, &product, terms).await,
        None => Ok(Value::Null),
    }
}

/// The texts, price and tax that a product offers a line.
async fn offer(ctx: &Ctx, tx: &mut Tx, product: &Product, terms: Terms) -> Result<Value> {
    let version = match product.tax_code {
        Some(code) => versions::current::<TaxCode>(tx, &ctx.scope, code.0).await?,
        None => None,
    };
    let code: Option<TaxCode> = version.map(|v| read(&v.body)).transpose()?;
    Ok(json!({
        "name": product.name,
        "unit": product.unit,
        "unit_price": product.unit_price.filter(|_| terms.listed),
        "tax_code": code.as_ref().map(|c| c.id),
        "tax_rate": code.map(|c| c.rate_on(terms.day)),
    }))
}
