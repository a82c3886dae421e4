//! The files of the folder: their rows as types, and as what they stand for here.
use crate::{
    domain::{
        company::{Company, User},
        customer::{Address, AddressKind, Blocked, Customer, CustomerAddress},
        ids::{CompanyId, CustomerId, ProductId, UserId},
        money::Currency,
        number::UnitPrice,
        policy::Role,
        product::Product,
        time::Ts,
        totals::{PriceMode, TaxRounding},
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        import::table::Table,
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{BTreeSet, HashMap},
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

#[derive(Deserialize)]
pub(super) struct CompanyRow {
    pub(super) id: CompanyId,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) currency: Currency,
    pub(super) created_at: Ts,
}

#[derive(Deserialize)]
pub(super) struct UserRow {
    pub(super) id: UserId,
    pub(super) company_id: Option<CompanyId>,
    pub(super) email: String,
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
    pub(super) fn customer(&self, ctx: &Ctx) -> Customer {
        let (city, country) = (self.city.clone(), self.country.clone());
        let address = Address { city, country, ..Address::default() };
        Customer {
            id: self.id,
            number: self.code.clone(),
            name: self.name.clone(),
            legal_name: None,
            tax_id: None,
            email: self.email.clone(),
            phone: self.phone.clone(),
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
            active: self.is_active != 0,
        }
    }
}

impl ProductRow {
    pub(super) fn product(self) -> Product {
        Product {
            id: self.id,
            sku: self.sku,
            barcode: None,
            name: self.name,
            description: None,
            unit: self.unit,
            unit_price: Some(self.price),
            tax_code: None,
            weight_g: None,
            stocked: true,
            active: self.is_active != 0,
            tags: BTreeSet::new(),
        }
    }
}
