//! Import of real orders from files: streamed, checked row by row, one commit, all or nothing.
pub mod build;
pub mod folder;
pub mod layout;
pub mod table;

use super::{
    context::Ctx,
    error::{Error, Result},
};
use crate::domain::text::fold;
use layout::{Layout, Row};
use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    path::Path,
};
use table::Table;

/// What an import is asked for.
pub struct Ask<'a> {
    pub file: &'a Path,
    pub layout: Layout,
    /// The branch that the orders go to, by its name or slug: one that is opened if there is none. `main`
    /// for main.
    pub branch: &'a str,
    /// Rejected rows go here with line number and reason.
    pub rejects: Option<&'a Path>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    pub orders: u64,
    pub lines: u64,
    pub rejected: u64,
    /// Orders that were here already.
    pub known: u64,
    pub customers: u64,
    pub products: u64,
    /// Σ of the line amounts of the imported orders, in minor units.
    pub amount: i64,
    /// The commit, if anything was imported.
    pub seq: Option<i64>,
    /// The name of the branch that has them, if main does not.
    pub branch: Option<String>,
    /// Rejections by reason.
    pub reasons: BTreeMap<String, u64>,
}

/// Told now and then while an import runs: rows read so far, and of how many if that is known.
pub type Progress<'a> = dyn FnMut(u64, Option<u64>) + Send + 'a;

/// What the first pass learns of the file.
#[derive(Default)]
pub struct Survey {
    pub rows: u64,
    pub rejected: u64,
    pub reasons: BTreeMap<String, u64>,
    /// Accepted rows of each order, by number.
    pub orders: HashMap<String, u32>,
    /// SKU (folded) → its spelling and how often each description came.
    pub products: BTreeMap<String, (String, HashMap<String, u32>)>,
    /// Customer number (folded) → the first that came.
    pub customers: BTreeMap<String, Named>,
}

/// A customer as a file names one.
pub struct Named {
    pub number: String,
    pub name: String,
    pub country: Option<String>,
}

/// Reads the file twice: first to learn what is in it, then to write it. A second import of the same
/// file finds every order by its reference and writes nothing.
pub async fn orders(ctx: &Ctx, ask: &Ask<'_>, progress: &mut Progress<'_>) -> Result<Summary> {
    let layout = ask.layout.with_date_format(ask.file)?;
    let survey = survey(ctx, ask, &layout, progress)?;
    if survey.orders.is_empty() && survey.rejected > 0 {
        let reason = survey.reasons.keys().next().cloned().unwrap_or_default();
        return Err(Error::Refused(format!("No row could be read. The first reason: {reason}")));
    }
    build::write(ctx, (ask, &layout), survey, progress).await
}

fn survey(
    ctx: &Ctx,
    ask: &Ask<'_>,
    layout: &Layout,
    progress: &mut Progress<'_>,
) -> Result<Survey> {
    let mut table = Table::open(ask.file)?;
    let columns = layout.columns(&table.header)?;
    let mut rejects = ask.rejects.map(|path| Rejects::create(path, &table.header)).transpose()?;
    let mut out = Survey::default();
    let mut reader = layout.reader(ctx, columns);
    while let Some(record) = table.read()? {
        out.rows += 1;
        if out.rows.is_multiple_of(50_000) {
            progress(out.rows, None);
        }
        match record.and_then(|r| reader.read(r)) {
            Ok(row) => note(&mut out, &row),
            Err(reason) => {
                out.rejected += 1;
                if let Some(file) = &mut rejects {
                    file.put(table.line(), &reason, table.record())?;
                }
                *out.reasons.entry(reason).or_default() += 1;
            }
        }
    }
    if let Some(file) = rejects {
        file.end()?;
    }
    Ok(out)
}

fn note(survey: &mut Survey, row: &Row) {
    *survey.orders.entry(row.number.clone()).or_default() += 1;
    if let Some(sku) = &row.sku {
        let key = fold(sku);
        let product =
            survey.products.entry(key).or_insert_with(|| (sku.to_uppercase(), HashMap::new()));
        if let Some(text) = &row.description {
            *product.1.entry(text.clone()).or_default() += 1;
        }
    }
    let key = fold(&row.customer);
    survey.customers.entry(key).or_insert_with(|| Named {
        number: row.customer.clone(),
        name: row.customer_name.clone(),
        country: row.country.clone(),
    });
}

/// The file of rejected rows: line number, reason, and the row as it was.
struct Rejects(csv::Writer<std::fs::File>);

impl Rejects {
    fn create(path: &Path, header: &csv::ByteRecord) -> Result<Self> {
        let file = std::fs::File::create(path)
            .map_err(|e| Error::Refused(format!("{}: {e}", path.display())))?;
        let mut out = Self(csv::WriterBuilder::new().flexible(true).from_writer(file));
        let head: Vec<&[u8]> =
            [b"line".as_slice(), b"reason"].into_iter().chain(header.iter()).collect();
        out.0.write_record(head).map_err(|e| Error::Refused(e.to_string()))?;
        Ok(out)
    }
    fn put(&mut self, line: u64, reason: &str, record: &csv::ByteRecord) -> Result<()> {
        let line = line.to_string();
        let row: Vec<&[u8]> =
            [line.as_bytes(), reason.as_bytes()].into_iter().chain(record.iter()).collect();
        self.0.write_record(row).map_err(|e| Error::Refused(e.to_string()))
    }
    fn end(self) -> Result<()> {
        let mut file = self.0.into_inner().map_err(|e| Error::Refused(e.to_string()))?;
        file.flush().map_err(|e| Error::Refused(e.to_string()))
    }
}
