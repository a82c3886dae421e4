//! What is wrong with an input, by field.
use std::collections::BTreeMap;

/// Messages by the path of the field as it was given (`lines.2.qty`); the empty path is the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub BTreeMap<String, String>);

impl Problems {
    /// One problem at one place.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut all = Self::default();
        all.add(path, message);
        all
    }
    /// The first message at a place stays.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.entry(path.into()).or_insert_with(|| message.into());
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
    /// Nothing wrong, or all of it.
    pub fn ok(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}
