//! The files of the folder: their rows as types, and as what they stand for here.
use crate::{
    domain::{
        company::{Company, User, parse_name, parse_slug},
        customer::{Address, AddressKind, Blocked, Customer, CustomerAddress},
        field::{ADDRESS, Field},
        ids::{CompanyId, CustomerId, ProductId, UserId},
        input::{email, typed},
        money::Currency,
        number::UnitPrice,
        policy::Role,
        product::Product,
        record::Record,
        review::ReviewPolicy,
        text::clean,
        time::Ts,
        totals::{PriceMode, TaxRounding},
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        import::table::Table,
    },
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

/// A file of the folder, read row by row.
pub(super) struct Rows {
    path: PathBuf,
    table: Table,
}

impl Rows {
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(name);
        Ok(Self { table: Table::open(&path)?, path })
    }

    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let row = self.table.read_as()?;
        row.transpose().map_err(|reason| self.refused(&reason))
    }

    /// What is wrong at the row read last.
    pub(super) fn refused(&self, reason: &str) -> Error {
        let (file, line) = (self.path.display(), self.table.line());
        Error::Refused(format!("{file}, line {line}: {reason}. This company was not imported."))
    }

    pub(super) fn by_company<T: DeserializeOwned>(
        folder: &Path,
        name: &str,
        company: impl Fn(&T) -> Option<CompanyId>,
    ) -> Result<HashMap<Option<CompanyId>, Vec<T>>> {
        let (mut rows, mut out) = (Self::open(folder, name)?, HashMap::<_, Vec<T>>::new());
        while let Some(row) = rows.next()? {
            out.entry(company(&row)).or_default().push(row);
        }
        Ok(out)
    }
}

fn ruled<'de, D: Deserializer<'de>>(
    d: D,
    rule: impl Fn(&str) -> Result<String, String>,
) -> Result<String, D::Error> {
    let text = String::deserialize(d)?;
    rule(&text).map_err(|e| serde::de::Error::custom(format!("`{text}`: {e}")))
}
fn slug<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    ruled(d, parse_slug)
}
fn name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    ruled(d, parse_name)
}
fn address<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    ruled(d, |text| email(&clean(text, false)))
}

/// A field by the rules of its form; `None` if it was left empty.
pub(super) fn field(
    fields: &'static [Field],
    name: &str,
    text: Option<&str>,
) -> Result<Option<String>, String> {
    let text = text.unwrap_or_default();
    typed(fields, name, text).map_err(|e| format!("{name} `{text}`: {e}"))
}

/// The same for one that must be there.
pub(super) fn needed(fields: &'static [Field], name: &str, text: &str) -> Result<String, String> {
    field(fields, name, Some(text))?.ok_or_else(|| format!("{name} is empty"))
}

#[derive(Deserialize)]
pub(super) struct CompanyRow {
    pub(super) id: CompanyId,
    #[serde(deserialize_with = "name")]
    pub(super) name: String,
    #[serde(deserialize_with = "slug")]
    pub(super) slug: String,
    pub(super) currency: Currency,
    pub(super) created_at: Ts,
}

#[derive(Deserialize)]
pub(super) struct UserRow {
    pub(super) id: UserId,
    pub(super) company_id: Option<CompanyId>,
    #[serde(deserialize_with = "address")]
    pub(super) email: String,
    #[serde(deserialize_with = "name")]
    pub(super) full_name: String,
    pub(super) role: String,
    pub(super) password: String,
    pub(super) is_active: u8,
    pub(super) created_at: Ts,
}

#[derive(Deserialize)]
pub(super) struct CustomerRow {
    pub(super) id: CustomerId,
    pub(super) company_id: CompanyId,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) city: Option<String>,
    pub(super) country: Option<String>,
    pub(super) is_active: u8,
}

#[derive(Deserialize)]
pub(super) struct ProductRow {
    pub(super) id: ProductId,
    pub(super) company_id: CompanyId,
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) unit: Option<String>,
    pub(super) price: UnitPrice,
    pub(super) is_active: u8,
}

impl CompanyRow {
    pub(super) fn company(self) -> Company {
        Company {
            id: self.id,
            slug: self.slug,
            name: self.name,
            currency: self.currency,
            timezone: "UTC".into(),
            price_mode: PriceMode::Net,
            tax_rounding: TaxRounding::Document,
            review: ReviewPolicy::default(),
            number_prefix: "SO-".into(),
            active: true,
        }
    }
}

impl UserRow {
    pub(super) fn user(&self, platform_admin: bool) -> User {
        let (email, name) = (self.email.clone(), self.full_name.clone());
        User { id: self.id, email, name, platform_admin, active: self.is_active != 0 }
    }
    /// Their roles by our words.
    pub(super) fn role(&self) -> Result<Role> {
        match self.role.as_str() {
            "admin" => Ok(Role::Admin),
            "manager" => Ok(Role::Lead),
            "staff" => Ok(Role::Clerk),
            word => {
                word.parse().map_err(|_| Error::Refused(format!("users.csv: no role `{word}`")))
            }
        }
    }
}

impl CustomerRow {
    pub(super) fn customer(&self, ctx: &Ctx) -> Result<Customer> {
        self.read(ctx).map_err(|e| {
            let code = &self.code;
            Error::Refused(format!("customers.csv, {code}: {e}. This company was not imported."))
        })
    }

    fn read(&self, ctx: &Ctx) -> Result<Customer, String> {
        let city = field(ADDRESS, "city", self.city.as_deref())?;
        let country = field(ADDRESS, "country", self.country.as_deref())?;
        let address = Address { city, country, ..Address::default() };
        Ok(Customer {
            id: self.id,
            number: needed(Customer::FIELDS, "number", &self.code)?,
            name: needed(Customer::FIELDS, "name", &self.name)?,
            legal_name: None,
            tax_id: None,
            email: field(Customer::FIELDS, "email", self.email.as_deref())?,
            phone: field(Customer::FIELDS, "phone", self.phone.as_deref())?,
            currency: Some(ctx.company.currency),
            terms_days: None,
            credit_limit: None,
            blocked: Blocked::No,
            language: None,
            addresses: vec![CustomerAddress {
                id: ctx.next_id(),
                kind: AddressKind::Both,
                address,
            }],
            contacts: vec![],
            note: None,
            tags: BTreeSet::new(),
            custom: BTreeMap::new(),
            active: self.is_active != 0,
        })
    }
}

impl ProductRow {
    pub(super) fn product(&self) -> Result<Product> {
        self.read().map_err(|e| {
            let sku = &self.sku;
            Error::Refused(format!("products.csv, {sku}: {e}. This company was not imported."))
        })
    }

    fn read(&self) -> Result<Product, String> {
        Ok(Product {
            id: self.id,
            sku: needed(Product::FIELDS, "sku", &self.sku)?,
            barcode: None,
            name: needed(Product::FIELDS, "name", &self.name)?,
            description: None,
            unit: field(Product::FIELDS, "unit", self.unit.as_deref())?,
            unit_price: Some(self.price),
            cost_price: None,
            cost_salt: None,
            tax_code: None,
            weight_g: None,
            stocked: true,
            active: self.is_active != 0,
            tags: BTreeSet::new(),
            custom: BTreeMap::new(),
        })
    }
}
