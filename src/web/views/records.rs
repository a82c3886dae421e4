//! Customers, products and tax codes: one set of pages for all kinds of master records.
use super::{
    elsewhere::ElsewhereView,
    fields::{ClashView, FieldView, Making, PartsView, Showing, loose, text_of},
    history::{HistoryView, history},
    text::{counted, short_hash},
};
use crate::{
    domain::{
        check::Problems,
        customer::Customer,
        field::{Kind, Ty},
        page::{Count, Cursor, Page},
        policy::Act,
        product::Product,
        tax::TaxCode,
        veil,
    },
    service::{Master, history::Story, records::revision, subjects::Subject},
    web::{
        extract::Visit,
        paths::{list, record},
        query::Query,
        view::{Shell, View},
    },
};
use askama::Template;
use serde_json::Value;
use uuid::Uuid;

/// A list.
#[derive(Template)]
#[template(path = "records/index.html", blocks = ["results"])]
pub(in crate::web) struct Index {
    pub shell: Shell,
    pub url: String,
    pub at: String,
    pub one: String,
    pub q: String,
    pub only_active: bool,
    pub rows: Vec<Row>,
    pub heads: [&'static str; 4],
    pub count: String,
    pub prev: Option<String>,
    pub next: Option<String>,
    /// Where everything that is shown is changed at once.
    pub batch: Option<String>,
    pub can_write: bool,
    /// Where a new one is made instead.
    pub new_in_a_branch: Option<String>,
}
pub(in crate::web) struct Row {
    pub href: String,
    pub code: String,
    pub name: String,
    pub more: String,
    pub figure: String,
    pub active: bool,
}
impl View for Index {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "results").then(|| self.as_results().render())
    }
}

/// One record.
#[derive(Template)]
#[template(path = "records/show.html")]
pub(in crate::web) struct Show {
    pub shell: Shell,
    pub list: String,
    pub kind: &'static str,
    pub kinds: &'static str,
    pub url: String,
    pub one: String,
    pub edit: String,
    pub heading: String,
    pub code: String,
    pub active: bool,
    pub facts: Vec<(String, String)>,
    pub parts: Vec<(String, Vec<String>)>,
    pub orders: Option<String>,
    pub restore: Option<String>,
    /// Where it is edited in a branch of its own.
    pub in_a_branch: Option<String>,
    pub elsewhere: ElsewhereView,
    pub history: HistoryView,
    pub version: i64,
    pub hash: Option<String>,
    pub can_write: bool,
    /// Where personal data are erased, for who may.
    pub erasure: Option<String>,
}
impl View for Show {}

/// A form, new or of a record.
#[derive(Template)]
#[template(path = "records/form.html", blocks = ["editor"])]
pub(in crate::web) struct Form {
    pub shell: Shell,
    pub list: String,
    pub kinds: &'static str,
    pub heading: String,
    pub action: String,
    pub cancel: String,
    /// The revision of bodies that its fields are of.
    pub schema: i64,
    pub version: String,
    pub key: String,
    pub fields: Vec<FieldView>,
    pub parts: Vec<PartsView>,
    /// The kinds of records that its fields offer.
    pub lists: Vec<&'static str>,
    pub problems: Vec<String>,
    pub clash: Vec<ClashView>,
}
impl View for Form {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "editor").then(|| self.as_editor().render())
    }
}

impl Index {
    pub(in crate::web) fn of<M: Shown>(
        visit: &Visit,
        (query, only_active): (&Query, bool),
        (rows, count): (Page<M>, Count),
    ) -> Self {
        let (url, at) = (list(&visit.base(), M::KIND), visit.at());
        let turn =
            |c: Option<Cursor>| c.map(|c| query.url(&url, &[("after", &c.text()), ("at", &at)]));
        Self {
            shell: Shell::of(visit, M::KIND.plural(), M::KIND.slug()),
            at: at.clone(),
            one: M::KIND.label().to_lowercase(),
            q: query.get("q").to_owned(),
            only_active,
            rows: rows.rows.iter().map(|m| row(visit, m)).collect(),
            heads: M::HEADS,
            count: counted(count, &M::KIND.label().to_lowercase()),
            prev: turn(rows.prev),
            next: turn(rows.next),
            can_write: visit.ctx.may_change(M::KIND, M::WRITE),
            batch: visit.batch(query, M::KIND, M::WRITE),
            new_in_a_branch: visit.new_in_a_branch((M::KIND, M::WRITE)),
            url,
        }
    }
}

impl Show {
    /// `value` is the record with the names of those it names.
    pub(in crate::web) fn of<M: Shown>(visit: &Visit, story: &Story<M>, value: &Value) -> Self {
        let zone = visit.ctx.company.zone();
        let showing = Showing { zone: &zone, titles: &story.titles };
        let (base, m) = (visit.base(), &story.now.record);
        let url = record(&base, M::KIND, m.id());
        let (facts, parts) = facts::<M>(value, &showing);
        Self {
            shell: Shell::of(visit, m.name(), M::KIND.slug()),
            list: list(&base, M::KIND),
            kind: M::KIND.label(),
            kinds: M::KIND.plural(),
            edit: format!("{url}/edit"),
            heading: m.name().to_owned(),
            code: m.code().to_owned(),
            active: m.active(),
            restore: visit.restoration(&url, (M::KIND, M::WRITE)),
            in_a_branch: visit.in_a_branch(&url, M::WRITE),
            orders: (M::KIND == Kind::Customer).then(|| {
                let of = [("customer", m.id().to_string()), ("at", visit.at())];
                let of = of.each_ref().map(|(n, v)| (*n, v.as_str()));
                Query::default().url(&list(&base, Kind::Order), &of)
            }),
            elsewhere: ElsewhereView::of(visit, story, &url),
            history: history(visit, story, &url),
            version: story.now.seq,
            // of what is hidden from who looks, a hash would be that of nothing that is stored
            hash: veil::hidden::<M>(&visit.ctx.scope).next().is_none().then(|| short_hash(m)),
            can_write: visit.ctx.may_change(M::KIND, M::WRITE),
            erasure: (M::KIND == Kind::Customer && visit.ctx.scope.may(Act::ErasePerson))
                .then(|| format!("{}/erasure", record(&visit.main(), M::KIND, m.id()))),
            one: M::KIND.label().to_lowercase(),
            url,
            facts,
            parts,
        }
    }
}

/// What a list says of a kind beside code and name.
pub(in crate::web) trait Shown: Subject + Master {
    const HEADS: [&'static str; 4];
    fn more(&self) -> String;
    fn figure(&self) -> String;
}
impl Shown for Customer {
    const HEADS: [&'static str; 4] = ["Number", "Name", "Place", "Payment days"];
    fn more(&self) -> String {
        self.addresses.first().map(|a| a.address.place()).unwrap_or_default()
    }
    fn figure(&self) -> String {
        self.terms_days.map(|d| d.to_string()).unwrap_or_default()
    }
}
impl Shown for Product {
    const HEADS: [&'static str; 4] = ["SKU", "Name", "Unit", "Unit price"];
    fn more(&self) -> String {
        self.unit.clone().unwrap_or_default()
    }
    fn figure(&self) -> String {
        self.unit_price.map(|p| p.to_string()).unwrap_or_default()
    }
}
impl Shown for TaxCode {
    const HEADS: [&'static str; 4] = ["Code", "Name", "Country", "Rate in %"];
    fn more(&self) -> String {
        self.country.clone().unwrap_or_default()
    }
    fn figure(&self) -> String {
        self.rates.last().map(|r| r.rate.to_string()).unwrap_or_default()
    }
}

fn row<M: Shown>(visit: &Visit, m: &M) -> Row {
    let (code, name) = (m.code().to_owned(), m.name().to_owned());
    Row {
        href: visit.record(M::KIND, m.id()),
        code,
        name,
        more: Shown::more(m),
        figure: m.figure(),
        active: m.active(),
    }
}

type Facts = (Vec<(String, String)>, Vec<(String, Vec<String>)>);

fn facts<M: Shown>(value: &Value, showing: &Showing<'_>) -> Facts {
    let (mut facts, mut parts) = (vec![], vec![]);
    for f in M::FIELDS.iter().filter(|f| f.salts.is_empty()) {
        let at = &value[f.name];
        if let (Ty::Map, Some(map)) = (f.ty, at.as_object()) {
            facts.extend(map.iter().map(|(name, value)| (name.clone(), text_of(value))));
        } else if let Ty::Parts(..) = f.ty {
            let rows = at.as_array().into_iter().flatten().map(|p| showing.value(f.ty, p));
            parts.push((f.label.to_owned(), rows.collect::<Vec<String>>()));
        } else {
            let text = showing.value(f.ty, at);
            facts.extend((!text.is_empty()).then(|| (f.label.to_owned(), text)));
        }
    }
    parts.retain(|p| !p.1.is_empty());
    (facts, parts)
}

/// What a form is shown with.
pub(in crate::web) struct Filled<'a> {
    pub id: Option<Uuid>,
    pub version: i64,
    pub key: String,
    pub value: &'a Value,
    pub problems: Problems,
    pub clash: Vec<ClashView>,
}

pub(in crate::web) fn form<M: Shown>(visit: &Visit, filled: Filled<'_>) -> Form {
    let base = visit.base();
    let (list, kind) = (list(&base, M::KIND), M::KIND.label().to_lowercase());
    let action = filled.id.map_or_else(|| list.clone(), |id| record(&base, M::KIND, id));
    let heading = if filled.id.is_some() { format!("Edit {kind}") } else { format!("New {kind}") };
    let making = Making { base: &base, scope: &visit.ctx.scope, problems: &filled.problems };
    let (fields, parts) = making.form(M::FIELDS, filled.value);
    let lists = fields.iter().map(|f| f.list).filter(|l| !l.is_empty()).collect();
    Form {
        shell: Shell::of(visit, heading.clone(), M::KIND.slug()),
        kinds: M::KIND.plural(),
        cancel: if filled.id.is_some() { action.clone() } else { list.clone() },
        schema: revision(&visit.ctx),
        version: if filled.version > 0 { filled.version.to_string() } else { String::new() },
        key: filled.key,
        problems: loose(&filled.problems),
        clash: filled.clash,
        list,
        lists,
        heading,
        action,
        fields,
        parts,
    }
}
