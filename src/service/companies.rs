//! Companies: how they begin, their settings and their members.
use super::{
    accounts::{NewUser, check_person, create_user, platform_only, user_of},
    context::Ctx,
    error::{Error, Result},
};
use crate::{
    app::App,
    domain::{
        check::Problems,
        company::{Company, PROFILE, User, Who, parse_name, parse_slug},
        history::{
            cause::Cause,
            diff::diff,
            merge::{Clashing, merge3},
        },
        ids::{CompanyId, UserId},
        input,
        money::Currency,
        policy::{Act, Role},
        review::ReviewPolicy,
        scope::{Membership, Scope},
        time::zone,
        totals::{PriceMode, TaxRounding},
    },
    store::{accounts, write::Said},
};
use serde_json::Value;

pub use crate::store::accounts::Member;

/// What a new company is made of.
pub struct NewCompany {
    pub slug: String,
    pub name: String,
    pub currency: String,
    pub timezone: String,
}

fn company(app: &App, new: &NewCompany) -> Result<Company> {
    let mut problems = Problems::default();
    let slug = parse_slug(&new.slug).unwrap_or_else(|e| {
        problems.add("slug", e);
        String::new()
    });
    let name = parse_name(&new.name).unwrap_or_else(|e| {
        problems.add("company", e);
        String::new()
    });
    if zone(&new.timezone).is_none() {
        problems.add("timezone", "Write a zone such as Europe/London");
    }
    let currency = new.currency.parse::<Currency>().map_err(|e| problems.add("currency", e));
    let id = CompanyId(app.next_id());
    problems.ok()?;
    let currency = currency.map_err(|()| Error::at("currency", "Write a currency code"))?;
    let (timezone, number_prefix) = (new.timezone.clone(), "SO-".to_owned());
    let (price_mode, tax_rounding) = (PriceMode::Net, TaxRounding::Document);
    Ok(Company {
        id,
        slug,
        name,
        currency,
        timezone,
        price_mode,
        tax_rounding,
        number_prefix,
        review: ReviewPolicy::default(),
        active: true,
    })
}

/// Makes a company with its first admin.
pub async fn create_company(app: &App, new: &NewCompany, admin: UserId) -> Result<Company> {
    let company = company(app, new)?;
    let member = Membership { company: company.id, user: admin, role: Role::Admin };
    let mut tx = app.db.write(&Scope::of_operator(company.id)).await?;
    let inserted = accounts::insert_company(&mut tx, &company, app.now()).await;
    inserted.map_err(|e| match e.into() {
        Error::Taken => Error::at("slug", "Another company has this address already"),
        e => e,
    })?;
    accounts::begin_chain(&mut tx, company.id).await?;
    accounts::put_member(&mut tx, &member, true, app.now()).await?;
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "company_created", company = %company.id, "company created");
    Ok(company)
}

/// Whether nobody exists yet.
pub async fn is_first_run(app: &App) -> Result<bool> {
    let mut tx = app.db.read_accounts().await?;
    Ok(!accounts::any_user(&mut tx).await?)
}

/// The first admin with the first company; only while nobody exists, and only for who sees the
/// server's own output: else whoever comes first would own it.
pub async fn set_up(app: &App, code: &str, user: NewUser, new: &NewCompany) -> Result<User> {
    if !is_first_run(app).await? {
        return Err(Error::NotFound);
    }
    if !code.eq_ignore_ascii_case(&app.setup_code) {
        return Err(Error::at(
            "code",
            "This is not the code that the server printed when it started",
        ));
    }
    let mut problems = Problems::default();
    for found in [check_person(&user).err(), company(app, new).err()] {
        match found {
            Some(Error::Invalid(p)) => problems.0.extend(p.0),
            Some(e) => return Err(e),
            None => {}
        }
    }
    problems.ok()?;
    let user = create_user(app, user).await?;
    create_company(app, new, user.id).await?;
    Ok(user)
}

/// The members of a company.
pub async fn members(ctx: &Ctx) -> Result<Vec<Member>> {
    let mut tx = ctx.app.db.read_accounts().await?;
    Ok(accounts::members(&mut tx, ctx.company.id).await?)
}

/// Gives someone who has an account a role in the company, or changes it.
pub async fn put_member(ctx: &Ctx, login: &str, (role, active): (Role, bool)) -> Result<()> {
    ctx.may(Act::ManageMembers)?;
    let user = user_of(&ctx.app, login).await?;
    if Some(user.id) == ctx.scope.actor() && (role != Role::Admin || !active) {
        return Err(Error::Refused("You cannot take the admin's role from yourself.".into()));
    }
    let member = Membership { company: ctx.company.id, user: user.id, role };
    let mut w = ctx.write().await?;
    accounts::put_member(&mut w.tx, &member, active, ctx.now()).await?;
    let message = if active {
        format!("Made {} a member: {}", user.name, role.label())
    } else {
        format!("Ended the membership of {}", user.name)
    };
    w.finish(Said { cause: Cause::Members, message: &message }).await?;
    tracing::info!(target: "tributary::security", event = "member_changed", company = %ctx.company.id, user = %user.id, role = %role, active, by = ?ctx.scope.actor(), "member changed");
    Ok(())
}

/// What became of changed settings.
#[derive(Debug)]
pub enum Changed {
    Done,
    /// Nothing was different: no commit.
    Unchanged,
    /// Somebody else changed the same fields meanwhile. Nothing was written.
    Conflict(Vec<Clashing>),
}

/// Changes the company's profile, as a commit whose message tells the fields. `base` is the profile
/// that the change was made on.
pub async fn update_company(ctx: &Ctx, (base, given): (&Value, &Value)) -> Result<Changed> {
    ctx.may(Act::WriteSettings)?;
    let theirs = input::apply(PROFILE, base, given, &mut || ctx.next_id())?;
    ctx.company.with_profile(&theirs)?;
    let mut w = ctx.write().await?;
    let now = accounts::company(&mut w.tx, &ctx.company.slug).await?.ok_or(Error::NotFound)?;
    let merged = merge3(PROFILE, base, &now.profile(), &theirs);
    if !merged.conflicts.is_empty() {
        let fields = merged.conflicts.into_iter().flat_map(|c| c.fields);
        return Ok(Changed::Conflict(fields.collect()));
    }
    let changed = now.with_profile(&merged.value)?;
    let told = diff(PROFILE, &now.profile(), &changed.profile());
    if told.is_empty() {
        return Ok(Changed::Unchanged);
    }
    accounts::update_company(&mut w.tx, &changed).await?;
    if *w.zone() != changed.zone() {
        w.recount(&changed.zone()).await?;
    }
    let told = told.iter().map(|c| {
        let text = |v: &Value| match v {
            Value::String(text) => text.clone(),
            Value::Null => "nothing".to_owned(),
            other => other.to_string(),
        };
        format!("{} from {} to {}", c.label.to_lowercase(), text(&c.before), text(&c.after))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let message = format!("Changed the company's settings: {told}");
    w.finish(Said { cause: Cause::Settings, message: &message }).await?;
    Ok(Changed::Done)
}

/// Everything a platform admin sees: companies and people, none of their records.
pub async fn platform(app: &App, who: &Who) -> Result<(Vec<Company>, Vec<User>)> {
    platform_only(who)?;
    let mut tx = app.db.read_accounts().await?;
    Ok((accounts::companies(&mut tx).await?, accounts::users(&mut tx).await?))
}

/// Opens or closes a company.
pub async fn set_company_active(app: &App, who: &Who, (slug, active): (&str, bool)) -> Result<()> {
    platform_only(who)?;
    let mut tx = app.db.write_accounts().await?;
    let found = accounts::company(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    accounts::set_company_active(&mut tx, found.id, active).await?;
    tx.commit().await?;
    Ok(())
}

/// Every company's slug, for commands over all of them.
pub async fn slugs(app: &App) -> Result<Vec<String>> {
    let mut tx = app.db.read_accounts().await?;
    Ok(accounts::companies(&mut tx).await?.into_iter().map(|c| c.slug).collect())
}
