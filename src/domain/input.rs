//! From what was typed or sent to canonical values: parse, don't validate.
//!
//! Input is an object of fields; a field that is not in it stays as it was, an empty one is cleared.
//! Forms send text only, the API sends JSON; both are read here, by the registry.
use super::{
    check::Problems,
    field::{Field, MAP_NAME, MAP_VALUE, Ty, find},
    money::Currency,
    number::{Qty, Rate, UnitPrice},
    text::{clean, forbidden},
    time::{Ts, parse_day},
};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, str::FromStr};
use uuid::Uuid;

/// The most parts a record may own.
pub const MAX_PARTS: usize = 2000;
/// The longest name of a country that has no code here.
pub const MAX_COUNTRY: usize = 60;
const MAX_TAGS: usize = 50;
const MAX_NAMES: usize = 50;

/// Reads `given` and lays it over `onto`. `next_id` names new parts.
///
/// # Errors
/// Every field that could not be read, with the path at which it was given.
pub fn apply(
    fields: &'static [Field],
    onto: &Value,
    given: &Value,
    next_id: &mut dyn FnMut() -> Uuid,
) -> Result<Value, Problems> {
    let mut reader = Reader { problems: Problems::default(), next_id };
    let out = reader.object(fields, onto, given, "");
    reader.problems.ok().map(|()| out)
}

/// One field of text as it was typed, in its canonical form; `None` if it was left empty.
///
/// # Errors
/// Says what is wrong.
pub fn typed(fields: &'static [Field], name: &str, text: &str) -> Result<Option<String>, String> {
    Ok(read(fields, name, text)?.1.and_then(|v| v.as_str().map(str::to_owned)))
}

fn read(
    fields: &'static [Field],
    name: &str,
    text: &str,
) -> Result<(&'static Field, Option<Value>), String> {
    let field = find(fields, name).ok_or_else(|| format!("there is no field {name}"))?;
    Ok((field, scalar(field.ty, &Value::String(text.to_owned()))?))
}

/// The same as a body holds it.
///
/// # Errors
/// Says what is wrong, also if the field cannot be empty.
pub fn value(fields: &'static [Field], name: &str, text: &str) -> Result<Option<Value>, String> {
    let (field, value) = read(fields, name, text)?;
    if value.is_none() && field.required {
        return Err("This cannot be empty".into());
    }
    Ok(value)
}

struct Reader<'a> {
    problems: Problems,
    next_id: &'a mut dyn FnMut() -> Uuid,
}

impl Reader<'_> {
    fn object(&mut self, fields: &'static [Field], onto: &Value, given: &Value, at: &str) -> Value {
        let mut out = onto.as_object().cloned().unwrap_or_default();
        let Some(given) = given.as_object() else {
            self.problems.add(at, "Send an object of fields");
            return Value::Object(out);
        };
        for (name, value) in given {
            let path = join(at, name);
            match find(fields, name) {
                Some(f) if f.input => self.field(f, value, &path, &mut out),
                Some(_) => self.problems.add(path, "This cannot be set here"),
                None => self.problems.add(path, "There is no such field"),
            }
        }
        for f in fields.iter().filter(|f| f.required && f.input && !out.contains_key(f.name)) {
            self.problems.add(join(at, f.name), format!("Fill in: {}", f.label.to_lowercase()));
        }
        Value::Object(out)
    }

    fn field(
        &mut self,
        f: &'static Field,
        value: &Value,
        path: &str,
        out: &mut Map<String, Value>,
    ) {
        let read = match f.ty {
            Ty::Parts(word, fields) => {
                let old = out.get(f.name).cloned().unwrap_or(Value::Array(vec![]));
                Ok(self.parts((word, fields), &old, value, path))
            }
            Ty::Object(fields) if value.is_object() => {
                Ok(some_object(self.object(fields, &Value::Null, value, path)))
            }
            _ => scalar(f.ty, value),
        };
        match read {
            Ok(Some(v)) => {
                out.insert(f.name.to_owned(), v);
            }
            Ok(None) => {
                out.remove(f.name);
            }
            Err(message) => self.problems.add(path, message),
        }
    }

    /// The whole list of parts: a part that is missing in it is removed, one without an id is new.
    fn parts(
        &mut self,
        (word, fields): (&str, &'static [Field]),
        old: &Value,
        given: &Value,
        at: &str,
    ) -> Option<Value> {
        let none = vec![];
        let given = match given {
            Value::Array(list) => list,
            Value::Null => &none,
            Value::String(text) if text.trim().is_empty() => &none,
            _ => {
                self.problems.add(at, "Send a list");
                &none
            }
        };
        if given.len() > MAX_PARTS {
            self.problems.add(at, format!("At most {MAX_PARTS} of these in one record"));
            return None;
        }
        let (mut seen, mut out) = (BTreeSet::new(), Vec::with_capacity(given.len()));
        for (i, part) in given.iter().enumerate() {
            let path = join(at, &i.to_string());
            let mut part = part.clone();
            let id = part.as_object_mut().and_then(|o| o.remove("id"));
            if id.as_ref().is_some_and(|id| !id.is_string() && !id.is_null()) {
                self.problems.add(join(&path, "id"), "Send an id as text");
            }
            let named = id.as_ref().and_then(Value::as_str).filter(|s| !s.is_empty());
            let known = named.and_then(|text| of_id(old, text));
            if named.is_some_and(|text| known.is_none() || !seen.insert(text.to_owned())) {
                self.problems.add(join(&path, "id"), format!("This {word} is not known"));
            }
            let onto = known.cloned().unwrap_or(Value::Object(Map::new()));
            let mut read = self.object(fields, &onto, &part, &path);
            if known.is_none() {
                read["id"] = Value::String((self.next_id)().to_string());
            }
            out.push(read);
        }
        (!out.is_empty()).then_some(Value::Array(out))
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn of_id<'a>(parts: &'a Value, id: &str) -> Option<&'a Value> {
    parts.as_array()?.iter().find(|p| p["id"].as_str() == Some(id))
}

fn some_object(value: Value) -> Option<Value> {
    value.as_object().is_some_and(|o| !o.is_empty()).then_some(value)
}

/// One value by its type; `None` clears the field.
fn scalar(ty: Ty, value: &Value) -> Result<Option<Value>, String> {
    if let (Ty::Tags, Value::Array(list)) = (ty, value) {
        let words: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        return words.map_or(Err("Send a list of words".into()), |w| tags(w.into_iter()));
    }
    if let (Ty::Map, Value::Object(given)) = (ty, value) {
        return map(given.iter().map(|(name, value)| (name.as_str(), value)));
    }
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(s) => clean(s, matches!(ty, Ty::Note(_) | Ty::Map)),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        _ => return Err("Send a single value here".into()),
    };
    if text.chars().any(forbidden) {
        return Err("Remove the invisible control characters".into());
    }
    if text.is_empty() {
        return Ok(None);
    }
    of_text(ty, &text)
}

fn of_text(ty: Ty, text: &str) -> Result<Option<Value>, String> {
    let plain = |v: String| Ok(Some(Value::String(v)));
    match ty {
        Ty::Text(max) | Ty::Note(max) => plain(within(text, max)?),
        Ty::Email => plain(email(text)?),
        Ty::Day => parse_day(text)
            .map(|d| Some(Value::String(d.to_string())))
            .ok_or_else(|| "Write a date such as 2026-11-22".into()),
        Ty::Moment => text
            .parse::<jiff::Timestamp>()
            .map(|t| Some(Value::String(Ts::of(t).to_string())))
            .map_err(|_| "Write a moment such as 2026-11-22T14:31:00Z".into()),
        Ty::Country => plain(country(text)?),
        Ty::Currency => canonical::<Currency>(text, |c| c.code().to_owned()),
        Ty::Price => canonical::<UnitPrice>(text, |n| n.to_string()),
        Ty::Qty => canonical::<Qty>(text, |n| n.to_string()),
        Ty::Rate => canonical::<Rate>(text, |n| n.to_string()),
        Ty::Whole(max) => match text.parse::<i64>() {
            Ok(n) if (0..=max).contains(&n) => Ok(Some(Value::from(n))),
            _ => Err(format!("Write a whole number from 0 to {max}")),
        },
        Ty::Bool => match text {
            "true" | "on" | "1" | "yes" => Ok(Some(Value::Bool(true))),
            "false" | "off" | "0" | "no" => Ok(Some(Value::Bool(false))),
            _ => Err("Say true or false".into()),
        },
        Ty::Word(words) => match words.iter().find(|(w, _)| *w == text) {
            Some((word, _)) => plain((*word).to_owned()),
            None => Err(format!("Choose one of: {}", list(words))),
        },
        Ty::Ref(_) => text
            .parse::<Uuid>()
            .map(|id| Some(Value::String(id.to_string())))
            .map_err(|_| "This does not name a record".into()),
        Ty::Tags => tags(text.split(',')),
        Ty::Map => lines(text),
        Ty::Object(_) | Ty::Parts(..) => Err("Send an object of fields".into()),
    }
}

fn list(words: &[(&str, &str)]) -> String {
    words.iter().map(|(w, _)| *w).collect::<Vec<_>>().join(", ")
}

fn canonical<T: FromStr<Err = String>>(
    text: &str,
    print: impl Fn(T) -> String,
) -> Result<Option<Value>, String> {
    text.parse::<T>().map(|v| Some(Value::String(print(v))))
}

fn within(text: &str, max: usize) -> Result<String, String> {
    let n = text.chars().count();
    if n > max { Err(format!("At most {max} characters; this has {n}")) } else { Ok(text.into()) }
}

/// Has one `@` with something on both sides and no blanks: more would refuse what works.
pub fn email(text: &str) -> Result<String, String> {
    let text = within(text, 254)?;
    let good = text.split_once('@').is_some_and(|(a, b)| {
        !a.is_empty() && b.contains('.') && !b.starts_with('.') && !b.ends_with('.')
    });
    let odd = text.matches('@').count() > 1 || text.chars().any(char::is_whitespace);
    if good && !odd { Ok(text) } else { Err("Write an address such as ann@example.com".into()) }
}

fn country(text: &str) -> Result<String, String> {
    let two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    if two { Ok(text.to_ascii_uppercase()) } else { within(text, MAX_COUNTRY) }
}

/// A line for each name: `Colour: red`.
fn lines(text: &str) -> Result<Option<Value>, String> {
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    let each: Option<Vec<(&str, Value)>> =
        lines.map(|l| l.split_once(':').map(|(n, v)| (n, Value::String(v.to_owned())))).collect();
    let each = each.ok_or("Write a line for each, such as: Colour: red")?;
    let (all, mut once) = (each.len(), BTreeSet::new());
    once.extend(each.iter().map(|(name, _)| clean(name, false)));
    if once.len() < all {
        return Err("Each name once".into());
    }
    map(each.iter().map(|(name, value)| (*name, value)))
}

fn map<'a>(given: impl Iterator<Item = (&'a str, &'a Value)>) -> Result<Option<Value>, String> {
    let mut out = Map::new();
    for (name, value) in given {
        let name = within(&clean(name, false), MAP_NAME)?;
        if name.is_empty() || name.chars().any(|c| forbidden(c) || matches!(c, '/' | ':' | '#')) {
            return Err("A name needs letters, and cannot hold a colon, / or #".into());
        }
        if let Some(Value::String(value)) = scalar(Ty::Text(MAP_VALUE), value)? {
            out.insert(name, Value::String(value));
        }
    }
    if out.len() > MAX_NAMES {
        return Err(format!("At most {MAX_NAMES} names"));
    }
    Ok((!out.is_empty()).then_some(Value::Object(out)))
}

/// The value of one name in a map, as it was typed; `None` takes the name away.
///
/// # Errors
/// Says what is wrong.
pub fn named(text: &str) -> Result<Option<Value>, String> {
    scalar(Ty::Text(MAP_VALUE), &Value::String(text.to_owned()))
}

fn tags<'a>(words: impl Iterator<Item = &'a str>) -> Result<Option<Value>, String> {
    let mut out = BTreeSet::new();
    for word in words {
        let word = clean(word, false);
        if word.chars().any(|c| forbidden(c) || c == ',') {
            return Err("A tag cannot hold commas or control characters".into());
        }
        if !word.is_empty() {
            out.insert(within(&word, 40)?);
        }
    }
    if out.len() > MAX_TAGS {
        return Err(format!("At most {MAX_TAGS} tags"));
    }
    Ok((!out.is_empty()).then(|| Value::Array(out.into_iter().map(Value::String).collect())))
}
