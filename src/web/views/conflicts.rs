//! A conflict as a card: the values side by side, who made them, and what can be chosen.
use super::{
    fields::{ClashView, Showing},
    frames::Word,
    history::author,
    plans::Typed,
};
use crate::{
    domain::{
        field::{Kind, Ty},
        history::merge::{Choice, Conflict, ConflictKind},
        text::initials,
    },
    service::{
        activity::{Made, made},
        error::Result,
        merge::Record,
    },
    web::{extract::Visit, paths},
};
use std::collections::BTreeMap;

/// A conflict as a card.
pub(in crate::web) struct ConflictView {
    pub n: usize,
    pub kind: &'static str,
    pub id: String,
    pub path: String,
    pub badge: &'static str,
    pub title: String,
    pub href: String,
    pub label: String,
    pub why: String,
    pub fields: Vec<ClashView>,
    /// What the two choices are called.
    pub choices: (&'static str, &'static str),
    /// What the base is called.
    pub base: &'static str,
    pub ours: Option<Who>,
    pub theirs: Option<Who>,
    /// Its values may be seen.
    pub may_keep: bool,
    pub may_take: bool,
    pub may_type: bool,
    /// Lines of what is typed.
    pub lines: usize,
    /// What typing is called.
    pub typing: &'static str,
    /// Where suggestions for it come from; empty for nowhere.
    pub suggest: String,
    /// `ours`, `theirs`, `value`, or empty while it is open.
    pub choice: &'static str,
    pub typed: String,
    pub error: String,
}

/// Who made a side, and when.
pub(in crate::web) struct Who {
    pub name: String,
    pub initials: String,
    pub when: String,
}

pub(super) async fn authors(visit: &Visit, records: &[Record]) -> Result<BTreeMap<i64, Made>> {
    let seqs: Vec<i64> = records.iter().flat_map(|r| r.sides).flatten().collect();
    if seqs.is_empty() { Ok(BTreeMap::new()) } else { made(&visit.ctx, &seqs).await }
}

/// A kind of conflict of which several are open, to be decided at once.
pub(in crate::web) struct KindView {
    pub word: &'static str,
    pub told: &'static str,
    pub keep: &'static str,
    /// None where each wants a look of its own.
    pub take: Option<&'static str>,
}

pub(super) fn kinds(open: &BTreeMap<ConflictKind, usize>, word: &Word) -> Vec<KindView> {
    let several = open.iter().filter(|(_, n)| **n > 1);
    let each = several.map(|(kind, _)| {
        let (told, alike) = match kind {
            ConflictKind::Field => ("fields that both changed", true),
            ConflictKind::DeletedByOurs => ("what main deleted", true),
            ConflictKind::DeletedByTheirs => ("what the branch deleted", true),
            ConflictKind::InputMoved => ("prices of which the list has changed", true),
            ConflictKind::Dangling => ("records that name what is gone", true),
            ConflictKind::Locked => ("what a state does not let change", false),
            ConflictKind::Unique => ("codes that another record has", false),
            _ => ("other conflicts of one kind", false),
        };
        let (keep, take) = choices(*kind).unwrap_or((word.keep, word.take));
        KindView { word: kind.word(), told, keep, take: Some(take).filter(|_| alike) }
    });
    each.collect()
}

type Numbered<'a> = (usize, &'a Record, &'a (Conflict, Option<Choice>));

pub(super) fn card(
    (visit, (base, main)): (&Visit, (&str, &str)),
    (n, r, (c, choice)): Numbered<'_>,
    (showing, who): (&Showing<'_>, &BTreeMap<i64, Made>),
    (word, typed): (&Word, &Typed),
) -> ConflictView {
    let side = |seq: Option<i64>| seq.and_then(|s| who.get(&s)).map(|m| made_by(visit, m));
    let of_price = c.kind == ConflictKind::InputMoved;
    let here = typed.id == r.id.to_string() && typed.path == c.path;
    let (typing, suggest) = typing(visit, c);
    ConflictView {
        n,
        kind: r.kind.word(),
        id: r.id.to_string(),
        path: c.path.clone(),
        badge: r.kind.label(),
        title: r.title.clone(),
        href: paths::record(
            if c.kind == ConflictKind::DeletedByTheirs { main } else { base },
            r.kind,
            r.id,
        ),
        label: c.label.clone(),
        why: if c.why.is_empty() { c.kind.sentence().into() } else { c.why.clone() },
        fields: c.fields.iter().map(|f| showing.clash(f)).collect(),
        choices: choices(c.kind).unwrap_or((word.keep, word.take)),
        base: if of_price { "The list price then" } else { word.base },
        ours: side(r.sides[0]).filter(|_| !of_price),
        theirs: side(r.sides[1]).filter(|_| !of_price),
        may_keep: c.may_keep,
        may_take: c.may_take,
        may_type: c.may_type,
        lines: lines(c),
        typing,
        suggest,
        choice: match choice {
            None => "",
            Some(Choice::Ours) => "ours",
            Some(Choice::Theirs) => "theirs",
            Some(Choice::Value(_)) => "value",
        },
        typed: if here { typed.value.clone() } else { proposed(c, choice.as_ref(), showing) },
        error: if here { typed.why.clone() } else { String::new() },
    }
}

fn lines(c: &Conflict) -> usize {
    match c.fields.first().map(|f| f.ty) {
        Some(Ty::Note(_) | Ty::Map) => 4,
        _ => 1,
    }
}

/// What typing begins with: the value that was chosen, or else the branch's.
fn proposed(c: &Conflict, choice: Option<&Choice>, showing: &Showing<'_>) -> String {
    let Some(f) = c.fields.first() else { return String::new() };
    let name = f.path.rsplit('/').next().unwrap_or_default();
    let value = match choice {
        Some(Choice::Value(of)) => of.get(name),
        _ => Some(&f.theirs),
    };
    value.map(|v| showing.value(f.ty, v)).unwrap_or_default()
}

/// What choosing means where it is not about values.
fn choices(kind: ConflictKind) -> Option<(&'static str, &'static str)> {
    match kind {
        ConflictKind::Dangling => Some(("Leave this record out", "Bring back what it names")),
        ConflictKind::DeletedByOurs => Some(("Leave it deleted", "Restore it, with the changes")),
        ConflictKind::DeletedByTheirs => Some(("Keep it", "Delete it anyway")),
        ConflictKind::StillReferenced => Some(("Keep it", "")),
        ConflictKind::InputMoved => Some(("Keep the price", "Take the new list price")),
        ConflictKind::Unique => Some(("Leave this record out", "Both are the same record")),
        _ => None,
    }
}

/// Another value, or another record of main.
fn typing(visit: &Visit, c: &Conflict) -> (&'static str, String) {
    let kind = c.theirs["kind"].as_str().and_then(|k| k.parse::<Kind>().ok());
    match kind.filter(|_| c.kind == ConflictKind::Dangling) {
        Some(kind) => ("Name another one", format!("{}/suggest/{}", visit.main(), kind.slug())),
        None => ("Use another value", String::new()),
    }
}

fn made_by(visit: &Visit, m: &Made) -> Who {
    let name = author(m.name.as_deref(), &m.author_kind);
    let when = m.at.spoken(visit.ctx.now(), &visit.ctx.company.zone());
    Who { initials: initials(&name), name, when }
}
