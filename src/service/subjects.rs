//! What each kind of record adds to the one engine: rights, defaults, what input stands for.
use super::{
    admission,
    context::Ctx,
    error::{Error, Result},
    orders,
    pricing::{self, Terms},
    references,
};
use crate::{
    domain::{
        customer::{AddressKind, Customer},
        history::diff::part,
        ids::CustomerId,
        order::{Channel, Command, Order, places},
        page::{Count, Cursor, MasterFilter},
        policy::Act,
        product::Product,
        record::Record as _,
        scope::{AuthorKind, Scope},
        tax::TaxCode,
        totals::RULES,
    },
    store::{
        Failure,
        db::Tx,
        kinds::{Master, Stored},
        masters::{self, read},
        versions,
        write::Write,
    },
};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::future::Future;
use uuid::Uuid;

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
    /// Whether another record of the world has what no two may have. On main the database knows; a
    /// branch has no such constraint of its own.
    fn is_taken(
        &self,
        _: &mut Tx,
        _: &Scope,
    ) -> impl Future<Output = Result<bool, Failure>> + Send {
        async { Ok(false) }
    }
    /// The ids of a page of a list of master records, and the place of the next one; orders have a
    /// filter of their own.
    fn listed(
        _: &mut Tx,
        _: &Scope,
        _: &MasterFilter,
    ) -> impl Future<Output = Result<(Vec<Uuid>, Option<Cursor>), Failure>> + Send {
        async { Ok((vec![], None)) }
    }
    /// How many that list has.
    fn counted(
        _: &mut Tx,
        _: &Scope,
        _: &MasterFilter,
    ) -> impl Future<Output = Result<Count, Failure>> + Send {
        async { Ok(Count::Exactly(0)) }
    }
    /// Why it may not be deleted, whoever names it.
    fn stays(&self) -> Option<&'static str> {
        None
    }
    /// How it is shown where another one names it.
    fn named(&self) -> String {
        self.title()
    }
    /// Every right that a change may need: who has all of them may make any.
    const RIGHTS: &'static [Act] = &[Self::WRITE];
    /// The record once a command moved it on.
    ///
    /// # Errors
    /// `Refused` with what stands against it.
    fn moved(
        &self,
        _: &Ctx,
        _: &mut Write,
        _: (Command, Option<&str>),
    ) -> impl Future<Output = Result<Self>> + Send {
        async { Err(Error::Refused("Only an order is moved on.".into())) }
    }
    /// Whether this change may be made to this record by this person.
    fn admit(_: &Ctx, _: Option<&Self>, _: &Self) -> Result<()> {
        Ok(())
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
            async fn listed(
                tx: &mut Tx,
                scope: &Scope,
                f: &MasterFilter,
            ) -> Result<(Vec<Uuid>, Option<Cursor>), Failure> {
                let page = masters::page::<$t>(tx, scope, f).await?;
                Ok((page.rows.iter().map(|r| r.id.0).collect(), page.next))
            }
            async fn counted(
                tx: &mut Tx,
                scope: &Scope,
                f: &MasterFilter,
            ) -> Result<Count, Failure> {
                masters::count::<$t>(tx, scope, f).await
            }
            fn named(&self) -> String {
                references::title_of(self)
            }
            async fn is_taken(&self, tx: &mut Tx, scope: &Scope) -> Result<bool, Failure> {
                let holder = masters::by_code::<$t>(tx, scope, self.code()).await?;
                Ok(holder.is_some_and(|other| other.id != self.id))
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
        let currency = given.get("currency").unwrap_or(&before["currency"]);
        let terms = Terms::of(ctx, placed_day(ctx, before), currency);
        let Some(lines) = given.get_mut("lines").and_then(Value::as_array_mut) else {
            return Ok(given);
        };
        let known = |line: &Value| line["id"].as_str().and_then(|id| part(&before["lines"], id));
        let all: Vec<Option<&Value>> = lines.iter().map(known).collect();
        let had = all.iter().map(|line| {
            let line = (*line)?;
            Some((line["position"].as_i64()?, line["id"].as_str()?))
        });
        let places = places(&had.collect::<Vec<_>>());
        for (i, line) in lines.iter_mut().enumerate() {
            pricing::complete(ctx, tx, (line, all[i].unwrap_or(&Value::Null)), (i, &terms)).await?;
            line["position"] = json!(places[i]);
        }
        Ok(given)
    }

    async fn enrich(ctx: &Ctx, tx: &mut Tx, before: &Value, value: &mut Value) -> Result<()> {
        if value["customer"] != before["customer"] {
            copy_customer(ctx, tx, (value, before)).await?;
        }
        let terms = Terms::of(ctx, placed_day(ctx, before), &value["currency"]);
        let moved = value["currency"] != before["currency"];
        for line in value.get_mut("lines").and_then(Value::as_array_mut).into_iter().flatten() {
            let id = line["id"].as_str().unwrap_or_default().to_owned();
            let known = part(&before["lines"], &id).unwrap_or(&Value::Null);
            pricing::settle(ctx, tx, (line, known), (&terms, moved)).await?;
        }
        Ok(())
    }

    fn named(&self) -> String {
        references::called(&self.title(), &self.customer_name)
    }
    fn stays(&self) -> Option<&'static str> {
        let why = "Only a draft that never had a number can be deleted. Cancel this order instead.";
        (!self.can_be_deleted()).then_some(why)
    }
    const RIGHTS: &'static [Act] = &[Act::WriteOrders, Act::AmendOrder, Act::OverridePrice];
    async fn moved(
        &self,
        ctx: &Ctx,
        w: &mut Write,
        command: (Command, Option<&str>),
    ) -> Result<Self> {
        orders::moved(ctx, w, self, command).await
    }
    fn admit(ctx: &Ctx, before: Option<&Self>, after: &Self) -> Result<()> {
        before.map_or(Ok(()), |before| admission::order_edit(ctx, before, after))
    }
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
pub(super) fn drop_nulls(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, v| !v.is_null());
    }
}

/// Does the same for every kind of record, those that others name first.
macro_rules! each_kind {
    ($r:ident => $body:expr) => {{
        {
            type $r = $crate::domain::tax::TaxCode;
            $body;
        }
        {
            type $r = $crate::domain::customer::Customer;
            $body;
        }
        {
            type $r = $crate::domain::product::Product;
            $body;
        }
        {
            type $r = $crate::domain::order::Order;
            $body;
        }
    }};
}
pub(crate) use each_kind;

/// What it is for the kind of record that is meant.
macro_rules! of_kind {
    ($kind:expr, $r:ident => $body:expr) => {
        match $kind {
            $crate::domain::field::Kind::TaxCode => {
                type $r = $crate::domain::tax::TaxCode;
                $body
            }
            $crate::domain::field::Kind::Customer => {
                type $r = $crate::domain::customer::Customer;
                $body
            }
            $crate::domain::field::Kind::Product => {
                type $r = $crate::domain::product::Product;
                $body
            }
            $crate::domain::field::Kind::Order => {
                type $r = $crate::domain::order::Order;
                $body
            }
        }
    };
}
pub(crate) use of_kind;
