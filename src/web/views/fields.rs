//! Form fields and values as people see them, made by the registry.
use crate::domain::{
    check::Problems,
    field::{Field, Kind, Ty},
    history::merge::Conflict,
    time::Ts,
};
use jiff::tz::TimeZone;
use serde_json::Value;

/// One field of a form.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct FieldView {
    pub name: String,
    pub id: String,
    pub label: &'static str,
    /// `text`, `textarea`, `select`, `checkbox`, `date`, `email`.
    pub kind: &'static str,
    pub value: String,
    pub error: String,
    pub hint: &'static str,
    pub required: bool,
    pub wide: bool,
    pub numeric: bool,
    pub options: Vec<(String, String)>,
    /// The list of suggestions, and where they come from; empty for none.
    pub list: &'static str,
    pub suggest: String,
}

/// A text as a form shows it: `true`, a number or a list become text.
pub(in crate::web) fn text_of(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        Value::Array(list) => list.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A field with its value and what is wrong with it. `at` is the path of what holds it.
pub(in crate::web) fn field(
    f: &'static Field,
    (at, of): (&str, &Value),
    problems: &Problems,
) -> FieldView {
    let name = if at.is_empty() { f.name.to_owned() } else { format!("{at}.{}", f.name) };
    let (kind, options) = kind_of(f);
    FieldView {
        id: format!("f-{}", name.replace('.', "-")),
        error: problems.get(&name).unwrap_or_default().to_owned(),
        label: f.label,
        value: text_of(&of[f.name]),
        hint: f.hint,
        required: f.required,
        wide: kind == "textarea",
        numeric: matches!(f.ty, Ty::Price | Ty::Qty | Ty::Rate | Ty::Whole(_)),
        name,
        kind,
        options,
        ..FieldView::default()
    }
}

fn kind_of(f: &Field) -> (&'static str, Vec<(String, String)>) {
    let none = |kind| (kind, vec![]);
    match f.ty {
        Ty::Note(_) => none("textarea"),
        Ty::Day => none("date"),
        Ty::Email => none("email"),
        Ty::Bool => none("checkbox"),
        Ty::Word(words) => {
            ("select", words.iter().map(|(w, l)| ((*w).to_owned(), (*l).to_owned())).collect())
        }
        _ => none("text"),
    }
}

/// A list of parts, each a row of fields.
pub(in crate::web) struct PartsView {
    pub name: &'static str,
    pub label: &'static str,
    pub word: &'static str,
    pub error: String,
    pub rows: Vec<RowView>,
}
pub(in crate::web) struct RowView {
    pub index: usize,
    pub id: String,
    /// The code of the record that it was filled in from.
    pub filled: String,
    pub fields: Vec<FieldView>,
}

/// Every field of a record that people may set: plain ones, and lists of parts.
pub(in crate::web) fn form(
    fields: &'static [Field],
    of: &Value,
    problems: &Problems,
) -> (Vec<FieldView>, Vec<PartsView>) {
    let (mut plain, mut parts) = (vec![], vec![]);
    for f in fields.iter().filter(|f| f.input) {
        match f.ty {
            Ty::Parts(word, inner) => {
                let rows = rows((f.name, inner), &of[f.name], problems);
                let error = problems.get(f.name).unwrap_or_default().to_owned();
                parts.push(PartsView { name: f.name, label: f.label, word, error, rows });
            }
            Ty::Object(inner) => {
                let at = (f.name, &of[f.name]);
                plain.extend(inner.iter().map(|i| field(i, at, problems)));
            }
            _ => plain.push(field(f, ("", of), problems)),
        }
    }
    (plain, parts)
}

/// The rows of a list of parts.
pub(in crate::web) fn rows(
    (name, inner): (&str, &'static [Field]),
    of: &Value,
    problems: &Problems,
) -> Vec<RowView> {
    let each = of.as_array().into_iter().flatten().enumerate().map(|(index, part)| {
        let at = format!("{name}.{index}");
        let fields = inner.iter().filter(|f| f.input).map(|f| field(f, (&at, part), problems));
        RowView {
            index,
            id: text_of(&part["id"]),
            filled: text_of(&part["filled"]),
            fields: fields.collect(),
        }
    });
    each.collect()
}

/// How values are shown: moments in the company's zone.
pub(in crate::web) struct Showing<'a> {
    pub zone: &'a TimeZone,
}

impl Showing<'_> {
    /// A value in words; empty for nothing.
    pub(in crate::web) fn value(&self, ty: Ty, value: &Value) -> String {
        if value.is_null() {
            return String::new();
        }
        match ty {
            Ty::Word(words) => {
                let word = value.as_str().unwrap_or_default();
                words.iter().find(|(w, _)| *w == word).map_or(word, |(_, l)| l).to_owned()
            }
            Ty::Bool => if value == &Value::Bool(true) { "Yes" } else { "No" }.to_owned(),
            Ty::Rate => format!("{} %", text_of(value)),
            Ty::Moment => serde_json::from_value::<Ts>(value.clone())
                .map_or_else(|_| text_of(value), |t| t.full_text(self.zone)),
            Ty::Object(fields) => self.several(fields, value, ", "),
            Ty::Parts(_, fields) if value.is_object() => self.several(fields, value, " · "),
            Ty::Parts(word, _) => format!("{} {word}s", value.as_array().map_or(0, Vec::len)),
            Ty::Ref(Kind::Customer | Kind::Product | Kind::TaxCode | Kind::Order) => {
                "another".into()
            }
            _ => text_of(value),
        }
    }

    fn several(&self, fields: &'static [Field], value: &Value, between: &str) -> String {
        let told = |f: &&Field| !matches!(f.ty, Ty::Ref(_)) && f.input && f.name != "position";
        let each = fields.iter().filter(told).map(|f| self.value(f.ty, &value[f.name]));
        each.filter(|t| !t.is_empty()).collect::<Vec<_>>().join(between)
    }

    /// A conflict's three values.
    pub(in crate::web) fn clash(&self, c: &Conflict) -> ClashView {
        let show = |v: &Value| {
            Some(self.value(c.ty, v)).filter(|t| !t.is_empty()).unwrap_or_else(|| "nothing".into())
        };
        ClashView {
            label: c.label.clone(),
            base: show(&c.base),
            ours: show(&c.ours),
            theirs: show(&c.theirs),
        }
    }
}

/// A conflict as a row of the card.
pub(in crate::web) struct ClashView {
    pub label: String,
    pub base: String,
    pub ours: String,
    pub theirs: String,
}

/// Problems of the whole, and of fields that no form field shows, as sentences.
pub(in crate::web) fn loose(problems: &Problems) -> Vec<String> {
    problems
        .0
        .values()
        .map(Clone::clone)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}
