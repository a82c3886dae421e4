//! Form fields and values as people see them, made by the registry.
use crate::{
    domain::{
        check::Problems,
        field::{Field, Kind, Ty, find},
        history::merge::Clashing,
        scope::Scope,
        time::Ts,
    },
    service::references::{Titles, reference},
};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

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
        Value::Object(map) => named(map, "\n"),
        other => other.to_string(),
    }
}

/// `Colour: red` for each name.
fn named(map: &Map<String, Value>, between: &str) -> String {
    let each = map.iter().map(|(name, value)| format!("{name}: {}", text_of(value)));
    each.collect::<Vec<_>>().join(between)
}

/// What the fields of a form are made with.
#[derive(Clone, Copy)]
pub(in crate::web) struct Making<'a> {
    /// The address of the company's pages.
    pub base: &'a str,
    pub scope: &'a Scope,
    pub problems: &'a Problems,
}

impl Making<'_> {
    /// A field with its value and what is wrong with it. `at` is the path of what holds it.
    pub(in crate::web) fn field(&self, f: &'static Field, (at, of): (&str, &Value)) -> FieldView {
        let name = if at.is_empty() { f.name.to_owned() } else { format!("{at}.{}", f.name) };
        let (kind, options) = kind_of(f);
        let field = FieldView {
            id: format!("f-{}", name.replace('.', "-")),
            error: self.problems.get(&name).unwrap_or_default().to_owned(),
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
        };
        match f.ty {
            Ty::Ref(kind) => self.suggesting(field, kind),
            _ => field,
        }
    }

    /// A field that names a record offers what matches while one types.
    pub(in crate::web) fn suggesting(&self, field: FieldView, kind: Kind) -> FieldView {
        let suggest = format!("{}/suggest/{}", self.base, kind.slug());
        FieldView { list: kind.slug(), suggest, ..field }
    }

    /// Some fields of what stands at a path, in the order of `names`.
    pub(in crate::web) fn named(
        &self,
        fields: &'static [Field],
        names: &[&str],
        at: (&str, &Value),
    ) -> Vec<FieldView> {
        names.iter().filter_map(|n| find(fields, n)).map(|f| self.field(f, at)).collect()
    }

    /// Every field of a record that people may set: plain ones, and lists of parts.
    pub(in crate::web) fn form(
        &self,
        fields: &'static [Field],
        of: &Value,
    ) -> (Vec<FieldView>, Vec<PartsView>) {
        let (mut plain, mut parts) = (vec![], vec![]);
        for f in fields.iter().filter(|f| f.input && self.scope.sees(f)) {
            match f.ty {
                Ty::Parts(word, inner) => {
                    let rows = self.rows((f.name, inner), &of[f.name]);
                    let error = self.problems.get(f.name).unwrap_or_default().to_owned();
                    parts.push(PartsView { name: f.name, label: f.label, word, error, rows });
                }
                Ty::Object(inner) => {
                    let at = (f.name, &of[f.name]);
                    plain.extend(inner.iter().map(|i| self.field(i, at)));
                }
                _ => plain.push(self.field(f, ("", of))),
            }
        }
        (plain, parts)
    }

    /// The rows of a list of parts.
    pub(in crate::web) fn rows(
        &self,
        (name, inner): (&str, &'static [Field]),
        of: &Value,
    ) -> Vec<RowView> {
        let each = of.as_array().into_iter().flatten().enumerate().map(|(index, part)| {
            let at = format!("{name}.{index}");
            let fields = inner.iter().filter(|f| f.input).map(|f| self.field(f, (&at, part)));
            RowView {
                index,
                id: text_of(&part["id"]),
                filled: text_of(&part["filled"]),
                fields: fields.collect(),
            }
        });
        each.collect()
    }
}

fn kind_of(f: &Field) -> (&'static str, Vec<(String, String)>) {
    let none = |kind| (kind, vec![]);
    match f.ty {
        Ty::Note(_) | Ty::Map => none("textarea"),
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

/// How values are shown: moments in the company's zone, records by what they are called.
pub(in crate::web) struct Showing<'a> {
    pub zone: &'a TimeZone,
    pub titles: &'a Titles,
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
            Ty::Map => value.as_object().map_or_else(String::new, |m| named(m, " · ")),
            Ty::Ref(_) => self.name(ty, value),
            _ => text_of(value),
        }
    }

    /// A record that is not there any more is "another" one; a text is its name already.
    fn name(&self, ty: Ty, value: &Value) -> String {
        let Some((_, id)) = reference(ty, value) else { return text_of(value) };
        self.titles.get(&id).map_or("another", String::as_str).to_owned()
    }

    fn several(&self, fields: &'static [Field], value: &Value, between: &str) -> String {
        let told = |f: &&Field| !matches!(f.ty, Ty::Ref(_)) && f.input && f.name != "position";
        let each = fields.iter().filter(told).map(|f| self.value(f.ty, &value[f.name]));
        each.filter(|t| !t.is_empty()).collect::<Vec<_>>().join(between)
    }

    /// A conflict's three values.
    pub(in crate::web) fn clash(&self, c: &Clashing) -> ClashView {
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
