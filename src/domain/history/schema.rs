//! How a body of a former revision becomes one of this revision, whenever it is read. What is stored is
//! never written anew: its hash stands for what was said then.
use super::diff::id_of;
use crate::domain::field::{Kind, Ty};
use serde_json::{Map, Value};

/// What changed in bodies since the first revision: the n-th list leads from revision n to the next.
#[derive(Debug)]
pub struct Schema(pub &'static [&'static [Change]]);

/// A change of one field of a kind.
#[derive(Debug)]
pub struct Change {
    pub kind: Kind,
    /// The list of parts that the field is in; empty for one of the record itself.
    pub list: &'static str,
    pub field: &'static str,
    pub label: &'static str,
    pub ty: Ty,
    pub what: What,
}

/// What became of a field.
#[derive(Debug)]
pub enum What {
    /// It had this name before.
    Renamed(&'static str),
    /// It is new, and where it is missing it has this value.
    Added(fn() -> Value),
    /// No record has it any more.
    Removed,
    /// It holds less than before: this in place of what it holds no more, `None` for what it still does.
    Narrowed(fn(&Value) -> Option<Value>),
}

/// A value that a later revision has no place for.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// As in a [`super::diff::Change`].
    pub path: String,
    pub label: &'static str,
    pub ty: Ty,
    pub value: Value,
    /// The field is there still, and holds something else.
    pub narrowed: bool,
}

impl Schema {
    /// The revision of what is written now.
    pub fn rev(&self) -> i64 {
        i64::try_from(self.0.len()).map_or(i64::MAX, |n| n + 1)
    }

    /// A body of a revision as one of this, and what it lost on the way.
    pub fn raise(&self, kind: Kind, (rev, body): (i64, Value)) -> (Value, Vec<Lost>) {
        self.go(kind, (rev, body), |_| true)
    }

    /// The same for what somebody typed into a form of a former revision: nothing is added to it, and
    /// what a field holds no more stays to be told.
    pub fn retell(&self, kind: Kind, (rev, typed): (i64, Value)) -> (Value, Vec<Lost>) {
        self.go(kind, (rev, typed), |what| matches!(what, What::Renamed(_) | What::Removed))
    }

    /// Whether records of a kind are otherwise than they were in a revision.
    pub fn changed(&self, kind: Kind, rev: i64) -> bool {
        self.since(kind, rev).next().is_some()
    }

    fn since(&self, kind: Kind, rev: i64) -> impl Iterator<Item = &'static Change> {
        let known = usize::try_from(rev.saturating_sub(1)).unwrap_or(0);
        self.0.iter().skip(known).flat_map(|step| step.iter()).filter(move |c| c.kind == kind)
    }

    fn go(
        &self,
        kind: Kind,
        (rev, mut body): (i64, Value),
        counts: impl Fn(&What) -> bool,
    ) -> (Value, Vec<Lost>) {
        let mut lost = vec![];
        for change in self.since(kind, rev).filter(|c| counts(&c.what)) {
            change.make(&mut body, &mut lost);
        }
        (body, lost)
    }
}

impl Change {
    fn make(&self, body: &mut Value, lost: &mut Vec<Lost>) {
        if self.list.is_empty() {
            if let Some(fields) = body.as_object_mut() {
                self.of(fields, "", lost);
            }
            return;
        }
        let parts = body.get_mut(self.list).and_then(Value::as_array_mut).into_iter().flatten();
        for part in parts {
            let at = format!("{}/{}/", self.list, id_of(part));
            if let Some(fields) = part.as_object_mut() {
                self.of(fields, &at, lost);
            }
        }
    }

    fn of(&self, fields: &mut Map<String, Value>, at: &str, lost: &mut Vec<Lost>) {
        let mut loses = |value, narrowed| {
            let path = format!("{at}{}", self.field);
            lost.push(Lost { path, label: self.label, ty: self.ty, value, narrowed });
        };
        match self.what {
            What::Renamed(from) => {
                if let Some(value) = fields.remove(from) {
                    fields.insert(self.field.to_owned(), value);
                }
                let was = format!("{at}{from}");
                for l in lost.iter_mut().filter(|l| l.path == was) {
                    l.path = format!("{at}{}", self.field);
                }
            }
            What::Added(value) => {
                fields.entry(self.field).or_insert_with(value);
            }
            What::Removed => {
                if let Some(value) = fields.remove(self.field) {
                    loses(value, false);
                }
            }
            What::Narrowed(other) => {
                let held = fields.get(self.field).cloned().unwrap_or_default();
                let Some(instead) = other(&held) else { return };
                match instead {
                    Value::Null => fields.remove(self.field),
                    instead => fields.insert(self.field.to_owned(), instead),
                };
                loses(held, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const fn of(list: &'static str, field: &'static str, what: What) -> Change {
        Change { kind: Kind::Customer, list, field, label: field, ty: Ty::Text(9), what }
    }
    fn no_warning(value: &Value) -> Option<Value> {
        (value == "warn").then(|| json!("none"))
    }
    static SCHEMA: Schema = Schema(&[
        &[of("", "mail", What::Renamed("email")), of("", "blocked", What::Narrowed(no_warning))],
        &[of("contacts", "role", What::Removed), of("", "stopped", What::Renamed("blocked"))],
        &[of("contacts", "rank", What::Added(|| json!(1)))],
    ]);

    #[test]
    fn a_body_goes_through_every_revision_since_its_own() {
        let first =
            json!({"email": "a@b", "blocked": "warn", "contacts": [{"id": "x", "role": "boss"}]});
        let (body, lost) = SCHEMA.raise(Kind::Customer, (1, first));
        let now = json!({"mail": "a@b", "stopped": "none", "contacts": [{"id": "x", "rank": 1}]});
        assert_eq!(body, now);
        let told: Vec<_> = lost.iter().map(|l| (l.path.as_str(), &l.value, l.narrowed)).collect();
        let (warn, boss) = (json!("warn"), json!("boss"));
        assert_eq!(told, [("stopped", &warn, true), ("contacts/x/role", &boss, false)]);
        assert_eq!(SCHEMA.raise(Kind::Customer, (4, now.clone())), (now.clone(), vec![]));
        assert_eq!(SCHEMA.raise(Kind::Order, (1, now.clone())), (now, vec![]));
        assert_eq!(SCHEMA.rev(), 4);
    }

    #[test]
    fn a_form_keeps_what_was_typed() {
        let typed = json!({"email": "a@b", "blocked": "warn"});
        let (given, lost) = SCHEMA.retell(Kind::Customer, (1, typed));
        assert_eq!((given, lost), (json!({"mail": "a@b", "stopped": "warn"}), vec![]));
        assert!(SCHEMA.changed(Kind::Customer, 3) && !SCHEMA.changed(Kind::Customer, 4));
    }
}
