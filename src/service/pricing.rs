//! What a line of an order takes from its product: texts, list price and tax.
use super::{
    context::Ctx,
    error::{Error, Result},
    references::code_in,
    subjects::drop_nulls,
};
use crate::{
    domain::{
        ids::{ProductId, TaxCodeId},
        order::PriceSource,
        product::Product,
        tax::TaxCode,
    },
    store::{
        db::Tx,
        masters::{self, read},
        versions,
    },
};
use jiff::civil::Date;
use serde_json::{Value, json};

/// What an order says of how its lines are filled in.
pub struct Terms {
    /// The day whose tax rates hold.
    day: Date,
    /// The currency's code as it was given.
    currency: String,
}

impl Terms {
    /// No currency is the company's.
    pub fn of(ctx: &Ctx, day: Date, currency: &Value) -> Self {
        let code = currency.as_str().unwrap_or_default().trim();
        let code = if code.is_empty() { ctx.company.currency.code() } else { code };
        Self { day, currency: code.to_ascii_uppercase() }
    }

    /// List prices are in the company's currency; in another one, somebody has to say the price.
    fn listed(&self, ctx: &Ctx) -> bool {
        self.currency == ctx.company.currency.code()
    }
}

/// What a form remembers of a line that was filled in: from which product, in which currency.
pub fn filled(currency: &str, sku: &str) -> String {
    format!("{currency} {sku}")
}

/// Fills in from the product what the line left open.
pub async fn complete(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, known): (&mut Value, &Value),
    (i, terms): (usize, &Terms),
) -> Result<()> {
    if !line.is_object() {
        return Err(Error::at(&format!("lines.{i}"), "Send an object of fields"));
    }
    if blank(&line["type"]) && known.is_null() {
        line["type"] = json!("item");
    }
    name_product(ctx, tx, (line, known)).await?;
    let sku = line["sku"].as_str().map(|s| code_in(s).to_owned());
    if let Some(sku) = &sku {
        line["sku"] = json!(sku);
    }
    // an unsaved line may have been filled in from one product and now be given another
    let filled = line.as_object_mut().and_then(|l| l.remove("filled"));
    let filled = filled.as_ref().and_then(Value::as_str).and_then(|f| f.split_once(' '));
    let changed = sku.as_deref().is_some_and(|s| {
        let before = (terms.currency.as_str(), s);
        !s.is_empty() && (known["sku"].as_str() != Some(s) || filled.is_some_and(|f| f != before))
    });
    if let (Some(sku), true) = (&sku, changed) {
        let base = match filled {
            Some((currency, sku)) => {
                let then = Terms { day: terms.day, currency: currency.to_owned() };
                of_product(ctx, tx, sku, &then).await?
            }
            None => known.clone(),
        };
        give_product(ctx, tx, (line, known, &base), (i, sku, terms)).await?;
    }
    drop_nulls_kept(line);
    Ok(())
}

/// A line may name its product by id alone; without a SKU and without a product it has none.
async fn name_product(ctx: &Ctx, tx: &mut Tx, (line, known): (&mut Value, &Value)) -> Result<()> {
    let other = !blank(&line["product"]) && line["product"] != known["product"];
    let silent = line.get("sku").is_none_or(|s| blank(s) || *s == known["sku"]);
    if other && silent {
        line["sku"] = json!(product_of(ctx, tx, line).await?.map(|p| p.sku));
    } else if line.get("sku").is_some_and(blank) {
        line["product"] = Value::Null;
    }
    Ok(())
}

/// Gives a line the product of another SKU.
async fn give_product(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, known, base): (&mut Value, &Value, &Value),
    (i, sku, terms): (usize, &str, &Terms),
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

/// A line takes its product's texts and price, unless somebody typed others. What it still has from
/// the product before (`base`) goes with that one; a price of somebody's own goes only where there is
/// a list price to take its place.
async fn copy_product(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, base): (&mut Value, &Value),
    (product, terms): (&Product, &Terms),
) -> Result<()> {
    line["product"] = json!(product.id);
    line["sku"] = json!(product.sku);
    let own = !matches!(base["price_source"].as_str(), None | Some("list"));
    let Value::Object(offered) = offer(ctx, tx, product, terms).await? else { return Ok(()) };
    for (field, value) in offered {
        let stale = !base.is_null() && line[&field] == base[&field];
        let kept = field == "unit_price" && value.is_null() && own;
        if blank(&line[&field]) || (stale && !kept) {
            line[field] = value;
        }
    }
    Ok(())
}

/// What the product of a SKU offers a line; nothing if there is none.
async fn of_product(ctx: &Ctx, tx: &mut Tx, sku: &str, terms: &Terms) -> Result<Value> {
    match masters::by_code::<Product>(tx, &ctx.scope, sku).await? {
        Some(product) => offer(ctx, tx, &product, terms).await,
        None => Ok(Value::Null),
    }
}

/// The texts, price and tax that a product offers a line.
async fn offer(ctx: &Ctx, tx: &mut Tx, product: &Product, terms: &Terms) -> Result<Value> {
    let code = tax_code(ctx, tx, product.tax_code).await?;
    Ok(json!({
        "name": product.name,
        "unit": product.unit,
        "unit_price": product.unit_price.filter(|_| terms.listed(ctx)),
        "tax_code": code.as_ref().map(|c| c.id),
        "tax_rate": code.map(|c| c.rate_on(terms.day)),
    }))
}

/// What follows from a line's fields: the list price of the day its product was chosen (any other
/// price is one that somebody set by hand), and the rate of a tax code that was chosen without one.
/// `moved`: the order is in another currency than before.
pub async fn settle(
    ctx: &Ctx,
    tx: &mut Tx,
    (line, known): (&mut Value, &Value),
    (terms, moved): (&Terms, bool),
) -> Result<()> {
    if moved || line["product"] != known["product"] {
        let product = product_of(ctx, tx, line).await?;
        let listed = product.and_then(|p| p.unit_price).filter(|_| terms.listed(ctx));
        line["list_price"] = json!(listed);
    }
    let imported = line["price_source"] == PriceSource::Import.word()
        && line["unit_price"] == known["unit_price"];
    if !imported {
        let listed = !line["list_price"].is_null() && line["list_price"] == line["unit_price"];
        let source = if listed { PriceSource::List } else { PriceSource::Manual };
        line["price_source"] = json!(source.word());
    }
    if line["tax_code"] != known["tax_code"] && line["tax_rate"] == known["tax_rate"] {
        let id = serde_json::from_value(line["tax_code"].clone()).unwrap_or_default();
        line["tax_rate"] = json!(tax_code(ctx, tx, id).await?.map(|c| c.rate_on(terms.day)));
    }
    drop_nulls(line);
    Ok(())
}

async fn tax_code(ctx: &Ctx, tx: &mut Tx, id: Option<TaxCodeId>) -> Result<Option<TaxCode>> {
    let Some(id) = id else { return Ok(None) };
    let version = versions::current::<TaxCode>(tx, &ctx.scope, id.0).await?;
    Ok(version.map(|v| read(&v.body)).transpose()?)
}

/// The product that a line names, if it is here.
async fn product_of(ctx: &Ctx, tx: &mut Tx, line: &Value) -> Result<Option<Product>> {
    let id: Option<ProductId> = serde_json::from_value(line["product"].clone()).unwrap_or_default();
    let Some(id) = id else { return Ok(None) };
    let version = versions::current::<Product>(tx, &ctx.scope, id.0).await?;
    Ok(version.map(|v| read(&v.body)).transpose()?)
}

fn blank(value: &Value) -> bool {
    value.as_str().map_or(value.is_null(), |t| t.trim().is_empty())
}

/// As [`drop_nulls`], for input: a null there clears the field, one we made by looking does not.
fn drop_nulls_kept(line: &mut Value) {
    if let Some(fields) = line.as_object_mut() {
        fields.retain(|name, v| !(v.is_null() && matches!(name.as_str(), "id" | "sku" | "type")));
    }
}
