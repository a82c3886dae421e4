//! What every versioned record has in common.
use super::{
    check::Problems,
    field::{Field, Kind},
    history::{
        merge::{Merged, Resolution, merge_record},
        schema::Schema,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// What changed in bodies so far; a version keeps the revision that it was written with.
pub static SCHEMA: Schema = Schema(&[]);

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

    /// Whether [`Record::reconcile`] has a say in this one becoming `theirs`, though main left it alone.
    fn guards(&self, _: Option<&Self>) -> bool {
        false
    }
    /// What the merge of fields does not know of a kind: conflicts beside those of single fields.
    fn reconcile(_: [Option<&Value>; 3], _: &mut Merged<Option<Value>>, _: &[Resolution]) {}

    /// What follows from the fields and is told with them, but never stored.
    fn derived(&self) -> Vec<(&'static str, Value)> {
        vec![]
    }

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

/// Merges a record of a kind: its fields, then what the kind adds.
pub fn merge<R: Record>(
    sides: [Option<&Value>; 3],
    resolutions: &[Resolution],
) -> Merged<Option<Value>> {
    let mut merged = merge_record(R::FIELDS, sides, resolutions);
    R::reconcile(sides, &mut merged, resolutions);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        customer::{Address, Contact, Customer},
        field::{ADDRESS, Ty, find},
        order::{Discount, Line, Order},
        product::Product,
        tax::{DatedRate, TaxCode},
    };
    use serde::{
        Deserializer,
        de::{Error, Visitor, value},
        forward_to_deserialize_any,
    };
    use std::collections::BTreeSet;

    /// Asks a struct for the names of its fields, as serde writes them.
    struct Names<'a>(&'a mut Vec<&'static str>);
    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = value::Error;
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
            Err(value::Error::custom("only asked"))
        }
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, value::Error> {
            self.0.extend(fields);
            Err(value::Error::custom("only asked"))
        }
        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    fn names<T: DeserializeOwned>() -> BTreeSet<&'static str> {
        let mut out = vec![];
        assert!(T::deserialize(Names(&mut out)).is_err());
        assert!(!out.is_empty());
        out.into_iter().collect()
    }

    /// The registry names every field of a struct, and its id where it has one.
    fn same<T: DeserializeOwned>(fields: &[Field], id: Option<&'static str>) {
        let declared: BTreeSet<&str> = fields.iter().map(|f| f.name).chain(id).collect();
        assert_eq!(declared, names::<T>(), "{}", std::any::type_name::<T>());
        assert_eq!(declared.len(), fields.len() + usize::from(id.is_some()), "a name twice");
    }

    fn parts<R: Record>(name: &str) -> &'static [Field] {
        match find(R::FIELDS, name).map(|f| f.ty) {
            Some(Ty::Parts(_, fields)) => fields,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn no_field_of_a_record_is_forgotten() {
        same::<Order>(Order::FIELDS, Some("id"));
        same::<Line>(parts::<Order>("lines"), Some("id"));
        same::<Discount>(parts::<Order>("discounts"), Some("id"));
        same::<Customer>(Customer::FIELDS, Some("id"));
        same::<Contact>(parts::<Customer>("contacts"), Some("id"));
        same::<Product>(Product::FIELDS, Some("id"));
        same::<TaxCode>(TaxCode::FIELDS, Some("id"));
        same::<DatedRate>(parts::<TaxCode>("rates"), Some("id"));
        same::<Address>(ADDRESS, None);
        // an address of a customer is `kind` and the address itself
        let own = parts::<Customer>("addresses").iter().map(|f| f.name).filter(|n| *n != "kind");
        assert_eq!(own.collect::<BTreeSet<_>>(), names::<Address>());
    }
}
