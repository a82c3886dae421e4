//! Tax codes: a name for a rate that changes over time.
use super::{
    check::Problems,
    field::{Field, Kind, Ty},
    ids::TaxCodeId,
    number::Rate,
    record::Record,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A tax code; the rate that holds on a day is [`TaxCode::rate_on`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxCode {
    pub id: TaxCodeId,
    pub code: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<DatedRate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_text: Option<String>,
    #[serde(default)]
    pub active: bool,
}

/// A rate from a day on; without a day, from ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatedRate {
    pub id: Uuid,
    pub rate: Rate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
}

impl TaxCode {
    /// The rate on a day; nothing before the first.
    pub fn rate_on(&self, day: Date) -> Rate {
        let begun = self.rates.iter().filter(|r| r.valid_from.is_none_or(|from| from <= day));
        begun.max_by_key(|r| r.valid_from).map(|r| r.rate).unwrap_or_default()
    }
}

impl Record for TaxCode {
    const KIND: Kind = Kind::TaxCode;
    const FIELDS: &'static [Field] = &[
        Field::new("code", "Code", Ty::Text(20)).required(),
        Field::new("name", "Name", Ty::Text(120)).required(),
        Field::new("country", "Country", Ty::Country),
        Field::new("rates", "Rates", Ty::Parts("rate", RATE)),
        Field::new("legal_text", "Text on documents", Ty::Note(500))
            .hint("Printed where the rate is 0, such as a reverse charge"),
        Field::new("active", "In use", Ty::Bool),
    ];

    fn id(&self) -> Uuid {
        self.id.0
    }
    fn title(&self) -> String {
        self.code.clone()
    }
    fn settle(&mut self) -> Result<(), Problems> {
        self.rates.sort_by_key(|r| (r.valid_from, r.id));
        let twice = self.rates.windows(2).any(|w| w[0].valid_from == w[1].valid_from);
        if twice {
            return Err(Problems::at("rates", "Two rates begin on the same day"));
        }
        Ok(())
    }
}

const RATE: &[Field] = &[
    Field::new("rate", "Rate in %", Ty::Rate).required(),
    Field::new("valid_from", "Valid from", Ty::Day),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_day() {
        let rate = |rate: i64, from: Option<&str>| DatedRate {
            id: Uuid::nil(),
            rate: Rate(rate),
            valid_from: from.map(|d| d.parse().unwrap()),
        };
        let code = TaxCode {
            id: TaxCodeId(Uuid::nil()),
            code: "S".into(),
            name: "Standard".into(),
            country: None,
            rates: vec![
                rate(190_000, None),
                rate(160_000, Some("2020-07-01")),
                rate(190_000, Some("2021-01-01")),
            ],
            legal_text: None,
            active: true,
        };
        assert_eq!(code.rate_on("2020-06-30".parse().unwrap()).0, 190_000);
        assert_eq!(code.rate_on("2020-07-01".parse().unwrap()).0, 160_000);
        assert_eq!(code.rate_on("2026-01-01".parse().unwrap()).0, 190_000);
    }
}
