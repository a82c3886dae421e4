//! A company's profile: what its documents are made by.
use super::{
    check::Problems,
    field::{Field, Ty},
    ids::{CompanyId, UserId},
    money::Currency,
    policy::Role,
    review::{OF_KINDS, OfKind, ReviewPolicy, Setting, checks::Checks},
    text::{clean, fold, forbidden, initials},
    time::zone,
    totals::{PriceMode, TaxRounding},
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A company. Its slug stands in every URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Company {
    pub id: CompanyId,
    pub slug: String,
    pub name: String,
    pub currency: Currency,
    /// IANA name; days are the company's days.
    pub timezone: String,
    pub price_mode: PriceMode,
    pub tax_rounding: TaxRounding,
    /// Before the year and number of an order: `SO-`.
    pub number_prefix: String,
    pub review: ReviewPolicy,
    pub active: bool,
}

/// What a company's admins set. It is merged like a record, so that two of them do not undo each
/// other; the currency stays, since documents are made in it.
pub const PROFILE: &[Field] = &[
    Field::new("name", "Name", Ty::Text(120)).required(),
    Field::new("timezone", "Time zone", Ty::Text(64)).required(),
    Field::new("number_prefix", "Before an order's number", Ty::Text(12)),
    Field::new("price_mode", "Prices of new orders", Ty::Word(PriceMode::WORDS)).required(),
    Field::new("tax_rounding", "Tax of new orders is rounded", Ty::Word(TaxRounding::WORDS))
        .required(),
    Field::new("approvals", "Approvals that a merge needs", Ty::Whole(9)),
    Field::new("large_records", "Records from which a merge is large", Ty::Whole(1_000_000)),
    Field::new("large_sum", "Sum from which a merge is large", Ty::Whole(1_000_000_000)),
    Field::new("large_approvals", "Approvals that a large merge needs", Ty::Whole(9)),
    setting(OF_KINDS[0].approvals, Ty::Whole(9)),
    setting(OF_KINDS[1].approvals, Ty::Whole(9)),
    setting(OF_KINDS[2].approvals, Ty::Whole(9)),
    setting(OF_KINDS[3].approvals, Ty::Whole(9)),
    Field::new("own_approval", "Who worked on a branch may approve it", Ty::Bool),
    Field::new("strict_prices", "Changed list prices have to be chosen", Ty::Bool),
    Field::new("check_price_drop", "Percent by which a price may go down", Ty::Whole(100)),
    Field::new("check_discount", "Percent that a discount may have", Ty::Whole(100)),
    Field::new("check_deletions", "Merges delete nothing", Ty::Bool),
    Field::new("checks_bind", "Merges wait until the checks pass", Ty::Bool),
    setting(OF_KINDS[0].protect, Ty::Bool),
    setting(OF_KINDS[1].protect, Ty::Bool),
    setting(OF_KINDS[2].protect, Ty::Bool),
    setting(OF_KINDS[3].protect, Ty::Bool),
];

impl Company {
    /// The fields of [`PROFILE`].
    pub fn profile(&self) -> Value {
        let (review, checks) = (&self.review, &self.review.checks);
        let mut profile = json!({
            "name": self.name, "timezone": self.timezone, "number_prefix": self.number_prefix,
            "price_mode": self.price_mode, "tax_rounding": self.tax_rounding,
            "approvals": review.approvals, "large_records": review.large_records,
            "large_sum": review.large_sum, "large_approvals": review.large_approvals,
            "own_approval": review.own_approval, "strict_prices": review.strict_prices,
            "check_price_drop": checks.price_drop, "check_discount": checks.discount,
            "check_deletions": checks.deletions, "checks_bind": checks.binding,
        });
        for of in OF_KINDS {
            profile[of.approvals.0] = json!(review.of_kind.get(&of.kind));
            profile[of.protect.0] = review.protected.contains(&of.kind).into();
        }
        profile
    }

    /// This company with another profile.
    ///
    /// # Errors
    /// `Problems` at the fields that cannot be so.
    pub fn with_profile(&self, profile: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let text = |name: &str| profile[name].as_str().unwrap_or_default().to_owned();
        if let Err(e) = parse_name(&text("name")) {
            problems.add("name", e);
        }
        if zone(&text("timezone")).is_none() {
            problems.add("timezone", "Write a zone such as Europe/London");
        }
        if text("number_prefix").chars().any(|c| !c.is_ascii_graphic()) {
            problems.add("number_prefix", "At most 12 letters, digits or signs");
        }
        let price_mode = text("price_mode").parse().map_err(|e| problems.add("price_mode", e));
        let rounding = text("tax_rounding").parse().map_err(|e| problems.add("tax_rounding", e));
        problems.ok()?;
        Ok(Self {
            review: review(profile),
            name: text("name"),
            timezone: text("timezone"),
            number_prefix: text("number_prefix"),
            price_mode: price_mode.unwrap_or(self.price_mode),
            tax_rounding: rounding.unwrap_or(self.tax_rounding),
            ..self.clone()
        })
    }

    /// The company's zone; UTC if the zone's name is no longer known.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}

const fn setting((name, label): Setting, ty: Ty) -> Field {
    Field::new(name, label, ty)
}

fn review(profile: &Value) -> ReviewPolicy {
    // none at all is said by leaving it empty
    let approvals = |of: &OfKind| profile[of.approvals.0].as_i64().filter(|n| *n > 0);
    let wanted = OF_KINDS.iter().filter_map(|of| Some((of.kind, approvals(of)?)));
    let protected = OF_KINDS.iter().filter(|of| profile[of.protect.0] == true);
    ReviewPolicy {
        approvals: profile["approvals"].as_i64().unwrap_or_default(),
        large_records: profile["large_records"].as_i64(),
        large_sum: profile["large_sum"].as_i64(),
        large_approvals: profile["large_approvals"].as_i64().unwrap_or_default(),
        of_kind: wanted.collect(),
        own_approval: profile["own_approval"] == true,
        strict_prices: profile["strict_prices"] == true,
        checks: Checks {
            price_drop: profile["check_price_drop"].as_i64(),
            discount: profile["check_discount"].as_i64(),
            deletions: profile["check_deletions"] == true,
            binding: profile["checks_bind"] == true,
        },
        protected: protected.map(|of| of.kind).collect(),
    }
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub platform_admin: bool,
    pub active: bool,
}

impl User {
    /// Up to two letters for an avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// A user's place in a company, with the company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub company: Company,
    pub role: Role,
}

/// Who is signed in, read anew on every request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Who {
    pub user: User,
    pub places: Vec<Place>,
}

impl Who {
    /// The place in the company of a slug, if it is open to this user.
    pub fn place(&self, slug: &str) -> Option<&Place> {
        self.places.iter().find(|p| p.company.slug == slug)
    }
}

/// Slugs that are pages of the platform.
const RESERVED: &[&str] = &[
    "login",
    "logout",
    "setup",
    "account",
    "admin",
    "api",
    "static",
    "livez",
    "readyz",
    "metrics",
    "preferences",
];

/// A slug: 2–40 of `a–z 0–9 -`, starting with a letter, not the name of a platform page.
///
/// # Errors
/// Says what is wrong.
pub fn parse_slug(text: &str) -> Result<String, String> {
    let slug = text.trim();
    let plain = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !(2..=40).contains(&slug.len())
        || !plain
        || !slug.starts_with(|c: char| c.is_ascii_lowercase())
    {
        return Err("Use 2 to 40 of a–z, 0–9 and -, starting with a letter".into());
    }
    if RESERVED.contains(&slug) {
        return Err("This word is taken by a page of the product".into());
    }
    Ok(slug.to_owned())
}

/// The name of a person or a company: 1–120 characters in one line.
///
/// # Errors
/// Says what is wrong.
pub fn parse_name(text: &str) -> Result<String, String> {
    let name = clean(text, false);
    if name.is_empty() || name.chars().count() > 120 || name.chars().any(forbidden) {
        return Err("Write a name of at most 120 characters".into());
    }
    Ok(name)
}

/// The key under which an e-mail address is unique.
pub fn email_key(email: &str) -> String {
    fold(email)
}
