//! What every versioned record has in common.
use super::{
    check::Problems,
    field::{Field, Kind},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// The revision of the bodies written by this program; a version keeps the one it was written with.
pub const SCHEMA_REV: i64 = 1;

/// A versioned record: a typed struct whose fields are declared in a registry.
///
/// The struct's serde form *is* the canonical body: fields in the order of the struct, numbers as
/// their shortest decimal text, moments in UTC, nothing for an empty field. The registry's test
/// holds both together.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    const KIND: Kind;
    const FIELDS: &'static [Field];

    fn id(&self) -> Uuid;
    /// How people call it.
    fn title(&self) -> String;
    /// Brings parts into their order and checks what no single field can tell.
    ///
    /// # Errors
    /// The rules that do not hold.
    fn settle(&mut self) -> Result<(), Problems>;

    /// The canonical body.
    ///
    /// # Panics
    /// Never: the structs hold text, numbers and lists only.
    fn body(&self) -> String {
        serde_json::to_string(self).expect("a record serialises")
    }
    /// The body as a value, for diff and merge.
    ///
    /// # Panics
    /// Never, as above.
    fn value(&self) -> Value {
        serde_json::to_value(self).expect("a record serialises")
    }
}

/// Reads a merged or given value as a record.
///
/// # Errors
/// `Problems` at the whole record if a value is missing that every record of the kind has.
pub fn of_value<R: Record>(value: Value) -> Result<R, Problems> {
    let mut record: R = serde_json::from_value(value)
        .map_err(|e| Problems::at("", format!("This record is incomplete: {e}")))?;
    record.settle()?;
    Ok(record)
}
