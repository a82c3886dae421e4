//! A batch: one change made to every record that a list shows, on a branch of its own.
use super::{
    check::Problems,
    field::{Field, Ty, find},
    input,
    number::{UnitPrice, parse_scaled, print_scaled},
    order::Command,
    record::Record,
};
use crate::vocabulary;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

vocabulary! {
    /// Where a batch is in its life. What becomes of its branch is the branch's own state.
    BatchState {
        Running = "running", "At work";
        Finished = "finished", "Ready to look at";
        Stopped = "stopped", "Stopped";
    }
}

/// What is done to each record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Change {
    /// A field gets a value, as typed; an empty one clears it.
    Set { field: String, value: String },
    /// The record gets a tag.
    Tag { value: String },
    /// A tag is taken away.
    Untag { value: String },
    /// The unit price of a product goes up or down, by parts of a million.
    Reprice { by: i64 },
    /// An order is moved on in its life; a cancellation says why.
    Move { command: Command, reason: String },
}

/// The fields of a kind that may become the same for many records: not `unique`, and nothing that tells
/// of one person.
pub fn settable<R: Record>(unique: &str) -> impl Iterator<Item = &'static Field> {
    let own = move |f: &&Field| f.input && !f.personal && f.name != unique && f.ty != Ty::Tags;
    R::FIELDS
        .iter()
        .filter(own)
        .filter(|f| !matches!(f.ty, Ty::Parts(..) | Ty::Object(_) | Ty::Map))
}

impl Change {
    /// What a form or a program asks for: `do` with `field` and `value`.
    ///
    /// # Errors
    /// Names what cannot be read.
    pub fn parse<'a, R: Record>(
        unique: &str,
        text: impl Fn(&str) -> &'a str,
    ) -> Result<Self, Problems> {
        let value = text("value").trim().to_owned();
        match text("do") {
            "set" => set::<R>((unique, text("field")), value),
            word @ ("tag" | "untag") => {
                if find(R::FIELDS, "tags").is_none() {
                    return Err(Problems::at("do", "These have no tags"));
                }
                let read = input::value(R::FIELDS, "tags", &value);
                if value.is_empty() || value.contains(',') || read.is_err() {
                    return Err(Problems::at("value", "Write one tag"));
                }
                Ok(if word == "tag" { Self::Tag { value } } else { Self::Untag { value } })
            }
            "reprice" if find(R::FIELDS, "unit_price").is_some() => percent(&value)
                .map(|by| Self::Reprice { by })
                .map_err(|why| Problems::at("value", why)),
            word => match word.parse().ok().filter(|_| find(R::FIELDS, "state").is_some()) {
                Some(Command::Cancel) if value.is_empty() => {
                    Err(Problems::at("value", "Say why they are cancelled"))
                }
                Some(command) => Ok(Self::Move { command, reason: value }),
                None => Err(Problems::at("do", "Choose what is to be done")),
            },
        }
    }

    /// In a few words: what is done, for the name of its branch and its commits. A value that not
    /// everybody may see is not told.
    pub fn told<R: Record>(&self) -> String {
        let label = |name: &str| find(R::FIELDS, name).map_or("", |f| f.label);
        let for_all = |name: &str| find(R::FIELDS, name).is_none_or(|f| f.seen_with.is_none());
        match self {
            Self::Set { field, .. } if !for_all(field) => label(field).to_owned(),
            Self::Set { field, value } if value.is_empty() => format!("Clear {}", label(field)),
            Self::Set { field, value } => format!("{}: {value}", label(field)),
            Self::Tag { value } => format!("Tag {value}"),
            Self::Untag { value } => format!("Without tag {value}"),
            Self::Reprice { by } => {
                let sign = if *by > 0 { "+" } else { "" };
                format!("Unit price {sign}{} %", print_scaled(*by, PERCENT))
            }
            Self::Move { command, .. } => command.label().to_owned(),
        }
    }

    /// What a person would have typed into the form of a record; nothing for a move. `places` are the
    /// decimals of the company's currency.
    ///
    /// # Errors
    /// Why it cannot be done to this record.
    pub fn typed(&self, before: &Value, places: u32) -> Result<Option<Value>, String> {
        Ok(Some(match self {
            Self::Set { field, value } => json!({ field.as_str(): value }),
            Self::Tag { value } => {
                json!({"tags": tags(before).chain([value.as_str()]).collect::<Vec<_>>()})
            }
            Self::Untag { value } => {
                json!({"tags": tags(before).filter(|t| t != value).collect::<Vec<_>>()})
            }
            Self::Reprice { by } => {
                let price = before["unit_price"].as_str().ok_or("It has no unit price")?;
                json!({"unit_price": repriced(price.parse()?, *by, places)?.to_string()})
            }
            Self::Move { .. } => return Ok(None),
        }))
    }
}

fn tags(record: &Value) -> impl Iterator<Item = &str> {
    record["tags"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn set<R: Record>((unique, field): (&str, &str), value: String) -> Result<Change, Problems> {
    let Some(of) = settable::<R>(unique).find(|f| f.name == field) else {
        return Err(Problems::at("field", "Choose a field"));
    };
    // what names a record is looked up later
    if !matches!(of.ty, Ty::Ref(_)) || value.is_empty() {
        input::value(R::FIELDS, field, &value).map_err(|why| Problems::at("value", why))?;
    }
    Ok(Change::Set { field: field.to_owned(), value })
}

/// Decimals of a percent in parts of a million, and the most that a price can go up: tenfold.
const PERCENT: u32 = 4;
const MOST: i64 = 10_000_000;

fn percent(text: &str) -> Result<i64, String> {
    let text = text.trim_end_matches('%').trim().trim_start_matches('+');
    match parse_scaled(text, PERCENT, MOST)? {
        0 => Err("Write by how many percent, such as 3 or -2.5".into()),
        ..=-1_000_000 => Err("A price can fall by less than 100 %".into()),
        by => Ok(by),
    }
}

/// A price changed by a rate, with as many decimals as it has, or as the currency has if that is more;
/// half away from zero.
fn repriced(price: UnitPrice, by: i64, places: u32) -> Result<UnitPrice, String> {
    let unit = |places: u32| 10_i128.pow(UnitPrice::PLACES.saturating_sub(places));
    let own = (places..=UnitPrice::PLACES).find(|p| i128::from(price.0) % unit(*p) == 0);
    let step = unit(own.unwrap_or(UnitPrice::PLACES)) * ONE;
    let exact = i128::from(price.0) * (ONE + i128::from(by));
    let rounded = (exact.abs() + step / 2) / step * step / ONE * exact.signum();
    match i64::try_from(rounded) {
        Ok(n) if n <= UnitPrice::LIMIT => Ok(UnitPrice(n)),
        _ => Err("Its price would be too large".into()),
    }
}

/// 100 % in parts per million.
const ONE: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{order::Order, product::Product};

    fn parse<R: Record>(given: &[(&str, &'static str)]) -> Result<Change, Problems> {
        Change::parse::<R>("number", |name| given.iter().find(|g| g.0 == name).map_or("", |g| g.1))
    }

    #[test]
    fn what_is_asked_for_is_read_or_said_to_be_wrong() {
        let set =
            |field, value| parse::<Order>(&[("do", "set"), ("field", field), ("value", value)]);
        assert_eq!(
            set("promised_date", "2027-01-31").unwrap().told::<Order>(),
            "Promised for: 2027-01-31"
        );
        assert!(set("promised_date", "soon").unwrap_err().get("value").is_some());
        for field in ["state", "number", "lines", "nothing", ""] {
            assert!(set(field, "x").unwrap_err().get("field").is_some(), "{field}");
        }
        assert_eq!(
            parse::<Order>(&[("do", "confirmation")]).unwrap(),
            Change::Move { command: Command::Confirm, reason: String::new() }
        );
        assert!(parse::<Product>(&[("do", "confirmation")]).is_err());
        assert!(parse::<Order>(&[("do", "reprice"), ("value", "3")]).is_err());
        for wrong in ["", "0", "-100", "-250 %", "much"] {
            let asked = parse::<Product>(&[("do", "reprice"), ("value", wrong)]);
            assert!(asked.unwrap_err().get("value").is_some(), "{wrong}");
        }
        let asked = parse::<Product>(&[("do", "reprice"), ("value", "+3 %")]).unwrap();
        assert_eq!(asked.told::<Product>(), "Unit price +3 %");
    }

    #[test]
    fn a_price_keeps_its_decimals() {
        let change = |price: &str, by: &str, places| {
            repriced(price.parse().unwrap(), percent(by).unwrap(), places).unwrap().to_string()
        };
        assert_eq!(change("2.55", "3", 2), "2.63");
        assert_eq!(change("2.5", "3", 2), "2.58");
        assert_eq!(change("0.0123", "10", 2), "0.0135");
        assert_eq!(change("100", "-2.5", 0), "98");
        assert_eq!(change("0", "50", 2), "0");
        assert!(repriced(UnitPrice(UnitPrice::LIMIT), 10, 2).is_err());
    }

    #[test]
    fn tags_are_added_and_taken_away() {
        let record = json!({"tags": ["a", "b"]});
        let typed = |c: Change| c.typed(&record, 2).unwrap().unwrap();
        assert_eq!(typed(Change::Tag { value: "c".into() }), json!({"tags": ["a", "b", "c"]}));
        assert_eq!(typed(Change::Untag { value: "a".into() }), json!({"tags": ["b"]}));
    }
}
