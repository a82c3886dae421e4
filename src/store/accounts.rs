//! Companies, people, memberships and tokens: the tables that exist before a company is known.
use super::db::{DbRow, FromDb, Tx};
use crate::domain::{
    company::{Company, Place, User, Who, email_key},
    field::Kind,
    history::chain::GENESIS,
    ids::{CompanyId, TokenId, UserId},
    policy::Role,
    review::{OF_KINDS, ReviewPolicy, checks::Checks},
    scope::Membership,
    time::Ts,
};
use sqlx::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The columns of a company in every statement that reads one.
macro_rules! company_columns {
    () => {
        "c.id AS c_id, c.slug, c.name AS c_name, c.currency, c.timezone, c.price_mode, c.tax_rounding, c.number_prefix, c.approvals, c.large_records, c.large_sum, c.large_approvals, c.approvals_orders, c.approvals_customers, c.approvals_products, c.approvals_tax_codes, c.own_approval, c.strict_prices, c.check_price_drop, c.check_discount, c.check_deletions, c.checks_bind, c.protect_orders, c.protect_customers, c.protect_products, c.protect_tax_codes, c.active AS c_active"
    };
}
macro_rules! user_columns {
    () => {
        "u.id AS u_id, u.email, u.name AS u_name, u.platform_admin, u.active AS u_active"
    };
}

fn word<T: std::str::FromStr<Err = String>>(row: &DbRow, name: &str) -> Result<T> {
    row.col::<String>(name)?.parse().map_err(|e: String| sqlx::Error::Decode(e.into()))
}

fn protected(row: &DbRow) -> Result<BTreeSet<Kind>> {
    let mut out = BTreeSet::new();
    for of in OF_KINDS {
        if row.col(of.protect.0)? {
            out.insert(of.kind);
        }
    }
    Ok(out)
}

fn approvals_of(row: &DbRow) -> Result<BTreeMap<Kind, i64>> {
    let mut out = BTreeMap::new();
    for of in OF_KINDS {
        if let Some(needed @ 1..) = row.col::<Option<i64>>(of.approvals.0)? {
            out.insert(of.kind, needed);
        }
    }
    Ok(out)
}

impl FromDb for Company {
    fn from_db(row: &DbRow) -> Result<Self> {
        Ok(Self {
            id: row.col("c_id")?,
            slug: row.col("slug")?,
            name: row.col("c_name")?,
            currency: word(row, "currency")?,
            timezone: row.col("timezone")?,
            price_mode: word(row, "price_mode")?,
            tax_rounding: word(row, "tax_rounding")?,
            number_prefix: row.col("number_prefix")?,
            review: ReviewPolicy {
                approvals: row.col("approvals")?,
                large_records: row.col("large_records")?,
                large_sum: row.col("large_sum")?,
                large_approvals: row.col("large_approvals")?,
                of_kind: approvals_of(row)?,
                own_approval: row.col("own_approval")?,
                strict_prices: row.col("strict_prices")?,
                checks: Checks {
                    price_drop: row.col("check_price_drop")?,
                    discount: row.col("check_discount")?,
                    deletions: row.col("check_deletions")?,
                    binding: row.col("checks_bind")?,
                },
                protected: protected(row)?,
            },
            active: row.col("c_active")?,
        })
    }
}
impl FromDb for User {
    fn from_db(row: &DbRow) -> Result<Self> {
        Ok(Self {
            id: row.col("u_id")?,
            email: row.col("email")?,
            name: row.col("u_name")?,
            platform_admin: row.col("platform_admin")?,
            active: row.col("u_active")?,
        })
    }
}

/// A member as the company's page lists them.
pub struct Member {
    pub user: User,
    pub role: Role,
    pub active: bool,
}
impl FromDb for Member {
    fn from_db(row: &DbRow) -> Result<Self> {
        Ok(Self { user: User::from_db(row)?, role: row.col("role")?, active: row.col("m_active")? })
    }
}

/// A user with what is needed to check a password.
pub struct Login {
    pub user: User,
    pub password_hash: String,
}
impl FromDb for Login {
    fn from_db(row: &DbRow) -> Result<Self> {
        Ok(Self { user: User::from_db(row)?, password_hash: row.col("password_hash")? })
    }
}

/// A user with each of their open companies: one row per company, or one with none.
struct WhoRow {
    user: User,
    place: Option<Place>,
}
impl FromDb for WhoRow {
    fn from_db(row: &DbRow) -> Result<Self> {
        let place = match row.col::<Option<CompanyId>>("c_id")? {
            Some(_) => Some(Place { company: Company::from_db(row)?, role: row.col("role")? }),
            None => None,
        };
        Ok(Self { user: User::from_db(row)?, place })
    }
}
fn who(rows: Vec<WhoRow>) -> Option<Who> {
    let user = rows.first()?.user.clone();
    Some(Who { user, places: rows.into_iter().filter_map(|r| r.place).collect() })
}

/// Whether anybody exists: if not, the first-run page makes the first admin.
pub async fn any_user(tx: &mut Tx) -> Result<bool> {
    let n: i64 =
        tx.sql("SELECT COUNT(*) FROM (SELECT 1 AS one FROM users LIMIT 1) t").value().await?;
    Ok(n > 0)
}

/// The user of a live session with their companies, and when the session was last seen and ends.
pub async fn who_of_session(
    tx: &mut Tx,
    id_hash: &[u8],
    now: Ts,
    idle_since: Ts,
) -> Result<Option<(Who, Ts, Ts)>> {
    const TEXT: &str = concat!(
        "SELECT s.seen_at, s.expires_at, m.role, ",
        user_columns!(),
        ", ",
        company_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN memberships m ON m.user_id = u.id AND m.active LEFT JOIN companies c ON c.id = m.company_id AND c.active WHERE s.id_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND u.active ORDER BY c.name"
    );
    struct Live(WhoRow, Ts, Ts);
    impl FromDb for Live {
        fn from_db(row: &DbRow) -> Result<Self> {
            Ok(Self(WhoRow::from_db(row)?, row.col("seen_at")?, row.col("expires_at")?))
        }
    }
    let rows: Vec<Live> =
        tx.sql(TEXT).bind(id_hash.to_vec()).bind(now).bind(idle_since).all().await?;
    let times = rows.first().map(|r| (r.1, r.2));
    let who = who(rows.into_iter().map(|r| r.0).collect());
    Ok(who.zip(times).map(|(who, (seen, ends))| (who, seen, ends)))
}

/// A person with their open companies, by id.
pub async fn who_of_user(tx: &mut Tx, user: UserId) -> Result<Option<Who>> {
    const TEXT: &str = concat!(
        "SELECT m.role, ",
        user_columns!(),
        ", ",
        company_columns!(),
        " FROM users u JOIN memberships m ON m.user_id = u.id AND m.active JOIN companies c ON c.id = m.company_id AND c.active WHERE u.id = $1 AND u.active"
    );
    Ok(who(tx.sql(TEXT).bind(user).all().await?))
}

/// The member behind an API token, by the token's hash.
pub async fn who_of_token(tx: &mut Tx, hash: &[u8]) -> Result<Option<Who>> {
    const TEXT: &str = concat!(
        "SELECT m.role, ",
        user_columns!(),
        ", ",
        company_columns!(),
        " FROM tokens t JOIN users u ON u.id = t.user_id JOIN memberships m ON m.user_id = t.user_id AND m.company_id = t.company_id AND m.active JOIN companies c ON c.id = t.company_id WHERE t.hash = $1 AND u.active AND c.active"
    );
    Ok(who(tx.sql(TEXT).bind(hash.to_vec()).all().await?))
}

/// By e-mail, whatever its case.
pub async fn login(tx: &mut Tx, email: &str) -> Result<Option<Login>> {
    const TEXT: &str = concat!(
        "SELECT u.password_hash, ",
        user_columns!(),
        " FROM users u WHERE u.email_key = $1"
    );
    tx.sql(TEXT).bind(email_key(email)).optional().await
}

/// Every person, for the platform's page.
pub async fn users(tx: &mut Tx) -> Result<Vec<User>> {
    const TEXT: &str = concat!("SELECT ", user_columns!(), " FROM users u ORDER BY u.name, u.id");
    tx.sql(TEXT).all().await
}

pub async fn insert_user(tx: &mut Tx, user: &User, password_hash: &str, now: Ts) -> Result<()> {
    let text = "INSERT INTO users (id, email, email_key, name, password_hash, active, platform_admin, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let stmt = tx.sql(text).bind(user.id).bind(user.email.clone()).bind(email_key(&user.email));
    let stmt = stmt.bind(user.name.clone()).bind(password_hash.to_owned()).bind(user.active);
    stmt.bind(user.platform_admin).bind(now).run().await?;
    Ok(())
}

pub async fn rename_user(tx: &mut Tx, id: UserId, name: &str) -> Result<u64> {
    let text = "UPDATE users SET name = $2 WHERE id = $1";
    tx.sql(text).bind(id).bind(name.to_owned()).run().await
}

pub async fn set_user_active(tx: &mut Tx, id: UserId, active: bool) -> Result<u64> {
    tx.sql("UPDATE users SET active = $2 WHERE id = $1").bind(id).bind(active).run().await
}

/// Keeps a password under a better hash, unless it was changed meanwhile.
pub async fn rehash_password(tx: &mut Tx, id: UserId, (old, new): (&str, &str)) -> Result<()> {
    let text = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    tx.sql(text).bind(id).bind(old.to_owned()).bind(new.to_owned()).run().await?;
    Ok(())
}

pub async fn set_password(tx: &mut Tx, id: UserId, hash: &str) -> Result<()> {
    tx.sql("UPDATE users SET password_hash = $2 WHERE id = $1")
        .bind(id)
        .bind(hash.to_owned())
        .run()
        .await?;
    Ok(())
}

/// A new company, with the beginning of its chain.
pub async fn insert_company(tx: &mut Tx, c: &Company, now: Ts) -> Result<()> {
    let text = "INSERT INTO companies (id, slug, name, currency, timezone, price_mode, tax_rounding, number_prefix, active, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let stmt = tx.sql(text).bind(c.id).bind(c.slug.clone()).bind(c.name.clone());
    let stmt = stmt.bind(c.currency.code()).bind(c.timezone.clone()).bind(c.price_mode.word());
    let stmt = stmt.bind(c.tax_rounding.word()).bind(c.number_prefix.clone()).bind(c.active);
    stmt.bind(now).run().await?;
    Ok(())
}

/// The start of a company's chain; runs in the company's own transaction.
pub async fn begin_chain(tx: &mut Tx, company: CompanyId) -> Result<()> {
    let text = "INSERT INTO chains (company_id, seq, hash, at) VALUES ($1, 0, $2, $3)";
    tx.sql(text).bind(company).bind(GENESIS.to_vec()).bind(Ts::from_micros(0)).run().await?;
    Ok(())
}

/// The company's profile; whether it is open is set apart.
pub async fn update_company(tx: &mut Tx, c: &Company) -> Result<u64> {
    let text = "UPDATE companies SET name = $2, timezone = $3, price_mode = $4, tax_rounding = $5, number_prefix = $6, approvals = $7, large_records = $8, large_sum = $9, large_approvals = $10, own_approval = $11, strict_prices = $12, check_price_drop = $13, check_discount = $14, check_deletions = $15, checks_bind = $16, protect_orders = $17, protect_customers = $18, protect_products = $19, protect_tax_codes = $20, approvals_orders = $21, approvals_customers = $22, approvals_products = $23, approvals_tax_codes = $24 WHERE id = $1";
    let stmt = tx.sql(text).bind(c.id).bind(c.name.clone()).bind(c.timezone.clone());
    let stmt = stmt.bind(c.price_mode.word()).bind(c.tax_rounding.word());
    let stmt = stmt.bind(c.number_prefix.clone()).bind(c.review.approvals);
    let stmt = stmt.bind(c.review.large_records).bind(c.review.large_sum);
    let stmt = stmt.bind(c.review.large_approvals).bind(c.review.own_approval);
    let checks = &c.review.checks;
    let stmt = stmt.bind(c.review.strict_prices).bind(checks.price_drop).bind(checks.discount);
    let mut stmt = stmt.bind(checks.deletions).bind(checks.binding);
    for of in OF_KINDS {
        stmt = stmt.bind(c.review.protected.contains(&of.kind));
    }
    for of in OF_KINDS {
        stmt = stmt.bind(c.review.of_kind.get(&of.kind).copied());
    }
    stmt.run().await
}

pub async fn set_company_active(tx: &mut Tx, id: CompanyId, active: bool) -> Result<u64> {
    tx.sql("UPDATE companies SET active = $2 WHERE id = $1").bind(id).bind(active).run().await
}

pub async fn companies(tx: &mut Tx) -> Result<Vec<Company>> {
    const TEXT: &str =
        concat!("SELECT ", company_columns!(), " FROM companies c ORDER BY c.name, c.id");
    tx.sql(TEXT).all().await
}

pub async fn company(tx: &mut Tx, slug: &str) -> Result<Option<Company>> {
    const TEXT: &str =
        concat!("SELECT ", company_columns!(), " FROM companies c WHERE c.slug = $1");
    tx.sql(TEXT).bind(slug.to_owned()).optional().await
}

/// The people of a company.
pub async fn members(tx: &mut Tx, company: CompanyId) -> Result<Vec<Member>> {
    const TEXT: &str = concat!(
        "SELECT m.role, m.active AS m_active, ",
        user_columns!(),
        " FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.company_id = $1 ORDER BY u.name, u.id"
    );
    tx.sql(TEXT).bind(company).all().await
}

/// Makes or changes a membership.
pub async fn put_member(tx: &mut Tx, m: &Membership, active: bool, now: Ts) -> Result<()> {
    let text = "INSERT INTO memberships (company_id, user_id, role, active, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (company_id, user_id) DO UPDATE SET role = excluded.role, active = excluded.active";
    tx.sql(text).bind(m.company).bind(m.user).bind(m.role).bind(active).bind(now).run().await?;
    Ok(())
}

pub async fn insert_token(
    tx: &mut Tx,
    id: TokenId,
    m: &Membership,
    (name, hash, now): (&str, &[u8], Ts),
) -> Result<()> {
    let text = "INSERT INTO tokens (id, company_id, user_id, hash, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let stmt = tx.sql(text).bind(id).bind(m.company).bind(m.user).bind(hash.to_vec());
    stmt.bind(name.to_owned()).bind(now).run().await?;
    Ok(())
}

/// A token as its company lists it: never the token itself, which nobody has kept.
#[derive(Clone, Debug)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub email: String,
    pub created_at: Ts,
}
crate::from_row!(Token { id, name, email, created_at });

/// The tokens of a company, the newest first.
pub async fn tokens(tx: &mut Tx, company: CompanyId) -> Result<Vec<Token>> {
    let text = "SELECT t.id, t.name, u.email, t.created_at FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.company_id = $1 ORDER BY t.created_at DESC, t.id";
    tx.sql(text).bind(company).all().await
}

/// Ends a token; how many there were.
pub async fn delete_token(tx: &mut Tx, company: CompanyId, id: TokenId) -> Result<u64> {
    let text = "DELETE FROM tokens WHERE company_id = $1 AND id = $2";
    tx.sql(text).bind(company).bind(id).run().await
}
