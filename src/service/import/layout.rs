//! Which column holds what, and how one row is read.
use super::table::Table;
use crate::{
    domain::{
        customer::Customer,
        field::{ADDRESS, Ty, find},
        input::MAX_COUNTRY,
        number::{Qty, Rate, UnitPrice},
        order::{LINE, Order, OrderKind},
        record::Record,
        text::{clean, fold, forbidden},
        time::Ts,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
    },
};
use csv::ByteRecord;
use jiff::{civil::DateTime, tz::TimeZone};
use std::{collections::HashMap, path::Path};

/// The fields that a column can be mapped to; the first six must be.
pub const FIELDS: [&str; 12] = [
    "number",
    "date",
    "customer",
    "sku",
    "quantity",
    "unit_price",
    "description",
    "customer_name",
    "country",
    "reference",
    "discount",
    "tax_rate",
];
const NEEDED: usize = 6;

const FORMATS: [&str; 10] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
];
/// A date or a number has no more letters.
const LONGEST_FIGURE: usize = 40;
/// Rows looked at to find out how dates are written.
const LOOKED_AT: usize = 20_000;

/// The longest text that a column may hold: what the field of the record takes that it goes to.
fn longest(field: &str) -> usize {
    let (fields, name) = match field {
        "number" => (Order::FIELDS, "number"),
        "reference" => (Order::FIELDS, "customer_po"),
        "customer" => (Customer::FIELDS, "number"),
        "customer_name" => (Customer::FIELDS, "name"),
        "country" => (ADDRESS, "country"),
        "sku" => (LINE, "sku"),
        "description" => (LINE, "name"),
        _ => return LONGEST_FIGURE,
    };
    match find(fields, name).map(|f| f.ty) {
        Some(Ty::Text(max)) => max,
        _ => MAX_COUNTRY,
    }
}

/// A file's layout.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Where the orders come from: with the number, what they are known by.
    pub source: String,
    columns: Vec<(&'static str, String)>,
    date_format: Option<String>,
    /// The rules of the Online Retail data: credits by their number's first letter.
    retail: bool,
}

impl Layout {
    /// A layout by its name.
    ///
    /// # Errors
    /// If there is none.
    pub fn preset(name: &str) -> Result<Self> {
        if name != "online-retail" {
            return Err(Error::Refused(format!(
                "There is no preset `{name}`; there is: online-retail"
            )));
        }
        let names = [
            "InvoiceNo",
            "InvoiceDate",
            "CustomerID",
            "StockCode",
            "Quantity",
            "UnitPrice",
            "Description",
        ];
        let mut columns: Vec<_> = FIELDS.into_iter().zip(names.map(str::to_owned)).collect();
        columns.push(("country", "Country".into()));
        let date_format = Some(FORMATS[0].into());
        Ok(Self { source: name.into(), columns, date_format, retail: true })
    }

    /// A layout of `field=Column` pairs.
    ///
    /// # Errors
    /// Names the pair that is wrong, or the fields that are missing.
    pub fn mapped(pairs: &[String], date_format: Option<String>) -> Result<Self> {
        let mut columns = vec![];
        for pair in pairs {
            let (field, column) = pair.split_once('=').ok_or_else(|| {
                Error::Refused(format!("`{pair}`: write FIELD=COLUMN, such as number=InvoiceNo"))
            })?;
            let field = FIELDS.into_iter().find(|f| *f == field.trim()).ok_or_else(|| {
                Error::Refused(format!("`{field}` is no field; there are: {}", FIELDS.join(", ")))
            })?;
            columns.push((field, column.trim().to_owned()));
        }
        let missing =
            FIELDS.into_iter().take(NEEDED).filter(|f| !columns.iter().any(|(c, _)| c == f));
        let missing: Vec<&str> = missing.collect();
        if !missing.is_empty() {
            return Err(Error::Refused(format!("Say which column holds: {}", missing.join(", "))));
        }
        Ok(Self { source: "csv".into(), columns, date_format, retail: false })
    }

    /// The place of each field's column.
    ///
    /// # Errors
    /// If the header lacks one; says what the header has.
    pub fn columns(&self, header: &ByteRecord) -> Result<[Option<usize>; 12]> {
        let mut out = [None; 12];
        for (field, column) in &self.columns {
            let at = header.iter().position(|h| h == column.as_bytes()).ok_or_else(|| {
                let have: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
                Error::Refused(format!(
                    "The file has no column `{column}`; it has: {}",
                    have.join(", ")
                ))
            })?;
            if let Some(i) = FIELDS.iter().position(|f| f == field) {
                out[i] = Some(at);
            }
        }
        Ok(out)
    }

    /// With the date format found out from the file, if it was not given.
    ///
    /// # Errors
    /// If no format fits all dates, or two do and it matters.
    pub fn with_date_format(&self, file: &Path) -> Result<Self> {
        if self.date_format.is_some() {
            return Ok(self.clone());
        }
        let mut table = Table::open(file)?;
        let at = self.columns(&table.header)?[1].unwrap_or_default();
        let mut fits: Vec<&str> = FORMATS.to_vec();
        let mut example = String::new();
        for _ in 0..LOOKED_AT {
            let Some(record) = table.read()? else { break };
            let text = record
                .ok()
                .and_then(|r| r.get(at))
                .map(|t| String::from_utf8_lossy(t).trim().to_owned());
            let text = text.unwrap_or_default();
            let left: Vec<&str> =
                fits.iter().copied().filter(|f| parse(f, &text).is_some()).collect();
            if !left.is_empty() {
                fits = left;
                example = text;
            }
        }
        match fits.as_slice() {
            [one] => Ok(Self { date_format: Some((*one).into()), ..self.clone() }),
            _ => Err(Error::Refused(format!(
                "How dates are written (`{example}`) is not certain; say it with --date-format, e.g. {}",
                fits.iter().take(3).map(|f| format!("'{f}'")).collect::<Vec<_>>().join(" or ")
            ))),
        }
    }

    /// A reader of rows.
    pub fn reader(&self, ctx: &Ctx, columns: [Option<usize>; 12]) -> Reader<'_> {
        Reader {
            layout: self,
            columns,
            zone: ctx.company.zone(),
            last: (String::new(), Ts::from_micros(0)),
            owners: HashMap::new(),
            longest: FIELDS.map(longest),
        }
    }
}

fn parse(format: &str, text: &str) -> Option<DateTime> {
    let full = DateTime::strptime(format, text).ok();
    full.or_else(|| jiff::civil::Date::strptime(format, text).ok().map(|d| d.at(0, 0, 0, 0)))
}

/// One row, read.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub kind: OrderKind,
    pub placed_at: Ts,
    pub customer: String,
    pub customer_name: String,
    pub sku: Option<String>,
    pub description: Option<String>,
    pub qty: Qty,
    pub unit_price: UnitPrice,
    pub country: Option<String>,
    pub reference: Option<String>,
    pub discount: Option<Rate>,
    pub tax_rate: Option<Rate>,
}

/// Reads rows of one layout.
pub struct Reader<'a> {
    layout: &'a Layout,
    columns: [Option<usize>; 12],
    longest: [usize; 12],
    zone: TimeZone,
    /// Neighbouring rows have the same date more often than not.
    last: (String, Ts),
    /// The customer of each order's first row, by the order's number.
    owners: HashMap<String, (String, String)>,
}

impl Reader<'_> {
    /// One row, or why it is rejected.
    ///
    /// # Errors
    /// A reason in words; rows with one reason have one text.
    pub fn read(&mut self, record: &ByteRecord) -> Result<Row, String> {
        let text = |i: usize| self.text(record, i);
        let number = text(0)?.ok_or("the order number is missing")?;
        let kind = self.kind(&number);
        let qty: Qty = number_in(text(4)?, "quantity")?.ok_or("the quantity is missing")?;
        if qty.0 < 0 && kind == OrderKind::Order {
            return Err("a negative quantity outside of a credit".into());
        }
        let customer = text(2)?
            .map(|c| if self.layout.retail { c.trim_end_matches(".0").to_owned() } else { c });
        let (customer, customer_name) = self.customer(&number, customer, text(7)?)?;
        let row = Row {
            kind,
            customer,
            customer_name,
            sku: text(3)?,
            description: text(6)?,
            qty,
            unit_price: number_in(text(5)?, "unit price")?.ok_or("the unit price is missing")?,
            country: text(8)?,
            reference: text(9)?,
            discount: number_in(text(10)?, "discount")?,
            tax_rate: number_in(text(11)?, "tax rate")?,
            placed_at: Ts::from_micros(0),
            number,
        };
        if row.sku.is_none() && row.description.is_none() {
            return Err("neither a SKU nor a description".into());
        }
        let date = self.text(record, 1)?.ok_or("the date is missing")?;
        let row = Row { placed_at: self.moment(date)?, ..row };
        if !self.owners.contains_key(&row.number) {
            let owner = (row.customer.clone(), row.customer_name.clone());
            self.owners.insert(row.number.clone(), owner);
        }
        Ok(row)
    }

    /// Number and name of a row's customer. An order is one customer's, that of its first row; rows
    /// after it need not say so again.
    fn customer(
        &self,
        order: &str,
        number: Option<String>,
        name: Option<String>,
    ) -> Result<(String, String), String> {
        match (self.owners.get(order), number) {
            (Some(owner), None) => Ok(owner.clone()),
            (Some((first, _)), Some(number))
                if *first != number && fold(first) != fold(&number) =>
            {
                Err("another customer than in the first row of this order".into())
            }
            (_, Some(number)) => {
                let name = name.unwrap_or_else(|| format!("Customer {number}"));
                Ok((number, name))
            }
            (None, None) => {
                Ok(("UNKNOWN".into(), name.unwrap_or_else(|| "Unknown customer".into())))
            }
        }
    }

    fn kind(&self, number: &str) -> OrderKind {
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        if self.layout.retail && !digits { OrderKind::Credit } else { OrderKind::Order }
    }

    fn text(&self, record: &ByteRecord, field: usize) -> Result<Option<String>, String> {
        let Some(bytes) = self.columns[field].and_then(|at| record.get(at)) else {
            return Ok(None);
        };
        let raw = std::str::from_utf8(bytes).map_err(|_| "the row is not UTF-8")?;
        let text = if raw.is_ascii() { raw.trim().to_owned() } else { clean(raw, false) };
        if text.chars().any(forbidden) {
            return Err(format!("{}: control characters", FIELDS[field]));
        }
        let max = self.longest[field];
        if text.chars().count() > max {
            return Err(format!("{}: more than {max} characters", FIELDS[field]));
        }
        Ok((!text.is_empty()).then_some(text))
    }

    fn moment(&mut self, text: String) -> Result<Ts, String> {
        if self.last.0 == text {
            return Ok(self.last.1);
        }
        let format = self.layout.date_format.as_deref().unwrap_or(FORMATS[0]);
        let civil = parse(format, &text).ok_or("the date cannot be read")?;
        let at = self
            .zone
            .to_ambiguous_zoned(civil)
            .compatible()
            .map_err(|_| "the date cannot be read")?;
        self.last = (text, Ts::of(at.timestamp()));
        Ok(self.last.1)
    }
}

fn number_in<T: std::str::FromStr<Err = String>>(
    text: Option<String>,
    what: &str,
) -> Result<Option<T>, String> {
    text.map(|t| t.parse().map_err(|_| format!("the {what} is not a number that fits"))).transpose()
}
