//! L26: whatever a list is asked for, in any world as it is or was, it shows what one finds who looks at
//! every record of that world: the rows, their order (but for a search of main as it is, which gives orders
//! as they came in), their pages, their number, the sums, the words. Of orders, customers and products.
mod acts;
mod model;

use crate::{harness::TestApp, merges, stories};
use model::{All, MasterFacts, Model, OrderFacts};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tributary::{
    app::Rng,
    domain::{
        customer::Customer,
        order::{Order, State},
        page::{Count, Cursor, MasterFilter, OrderFilter, OrderSort, Page},
        product::Product,
        record::Record,
    },
    service::{
        branches, context::Ctx, dashboard, deleted, export::Pages, orders, records,
        subjects::Subject,
    },
    store::{commits::LogFilter, kinds::Master},
};
use uuid::Uuid;

/// Acts, and questions after each: 10,000.
const ACTS: usize = 250;
const ASKED: usize = 40;
const OPEN: usize = 3;
/// Drafts on the first page.
const LATEST: usize = 8;
/// Pages of an answer that are looked at, at most, and rows on each; of some answers all.
const PAGES: usize = 2;
const ROWS: usize = 30;

/// A world, and what it was after each of its commits.
struct World {
    slug: String,
    open: bool,
    /// The commit that merged it, and the records in which it and main differed.
    merged: Option<(i64, BTreeSet<Uuid>)>,
    past: Vec<(i64, Model)>,
}

impl World {
    fn now(&self) -> &Model {
        &self.past.last().unwrap().1
    }
    /// As it was after a commit.
    fn then(&self, at: i64) -> &Model {
        &self.past.iter().rev().find(|(seq, _)| *seq <= at).unwrap().1
    }
}

struct Lists<'a> {
    app: &'a TestApp,
    lot: Rng,
    worlds: Vec<World>,
    made: usize,
    done: BTreeMap<&'static str, usize>,
}

impl<'a> Lists<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let mut out =
            Self { app, lot: Rng::seeded(26), worlds: vec![], made: 0, done: BTreeMap::new() };
        let ctx = app.ctx("alpha").await;
        let mut now = Model::default();
        let mut pages = Pages::new(&ctx, OrderFilter::all()).unwrap();
        while let Some(rows) = pages.next().await.unwrap() {
            for row in rows {
                let order = records::show::<Order>(&ctx, row.id.0).await.unwrap().record;
                now.orders.set(row.id.0, Some(OrderFacts::of(&order)));
            }
        }
        every(&ctx, &mut now.customers, Customer::id).await;
        every(&ctx, &mut now.products, Product::id).await;
        let past = vec![(merges::commits(app).await, now)];
        out.worlds.push(World { slug: "main".into(), open: true, merged: None, past });
        out
    }

    fn any<T: Copy>(&self, all: &[T]) -> T {
        all[self.lot.index(all.len())]
    }
    fn chance(&self, percent: usize) -> bool {
        self.lot.index(100) < percent
    }
    fn url(&self, n: usize, rest: &str) -> String {
        format!("/alpha/{}/{rest}", self.worlds[n].slug)
    }
    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    async fn ctx(&self, n: usize) -> Ctx {
        branches::enter(self.app.ctx("alpha").await, &self.worlds[n].slug).await.unwrap()
    }

    /// Looks at records of a world by their ids, and keeps what the world is since the last commit.
    async fn saw(&mut self, n: usize, ids: &BTreeSet<Uuid>) {
        let seq = merges::commits(self.app).await;
        self.saw_from(n, (seq, self.worlds[n].now().clone()), ids).await;
    }

    /// The same since a commit, with what else is known.
    async fn saw_from(&mut self, n: usize, (seq, mut now): (i64, Model), ids: &BTreeSet<Uuid>) {
        let ctx = self.ctx(n).await;
        for id in ids {
            let order = records::show::<Order>(&ctx, *id).await.ok();
            now.orders.set(*id, order.map(|o| OrderFacts::of(&o.record)));
            now.customers.set(*id, master::<Customer>(&ctx, *id).await);
            now.products.set(*id, master::<Product>(&ctx, *id).await);
        }
        self.worlds[n].past.push((seq, now));
    }

    async fn saw_one(&mut self, n: usize, told: &Value) {
        let id = told["id"].as_str().unwrap().parse().unwrap();
        self.saw(n, &[id].into()).await;
    }

    async fn post(&self, n: usize, rest: &str, body: &Value) -> Value {
        let url = format!("/api/v1{}", self.url(n, rest));
        let said = self.app.program("alpha").post(&url, body).await;
        assert!(said.status.is_success(), "{rest}: {}", said.body);
        if said.body.is_empty() { json!({}) } else { said.json() }
    }

    /// Asks a world something, as it is or as it was.
    async fn ask(&mut self) {
        let n = self.lot.index(self.worlds.len());
        let (mut ctx, w) = (self.ctx(n).await, &self.worlds[n]);
        let (mut known, first) = (w.now(), w.past[0].0);
        if self.chance(50) {
            let last = merges::commits(self.app).await;
            let span = usize::try_from(last - first + 1).unwrap();
            let at = first + i64::try_from(self.lot.index(span)).unwrap();
            ctx = branches::as_of(ctx, at).await.unwrap();
            known = w.then(at);
        }
        match self.lot.index(20) {
            0..11 => self.orders(&ctx, known).await,
            11..14 => self.masters::<Customer>(&ctx, &known.customers).await,
            14..17 => self.masters::<Product>(&ctx, &known.products).await,
            17 => overview(&ctx, known).await,
            18 => gone(&ctx, known).await,
            _ => self.export(&ctx, known).await,
        }
    }

    /// Words of a record, the last one cut short; none if there is no record.
    fn words(&self, of: &[&[String]]) -> Vec<String> {
        let Some(all) = (!of.is_empty()).then(|| self.any(of)) else { return vec![] };
        let mut out: Vec<String> =
            (0..=self.lot.index(2)).map(|_| all[self.lot.index(all.len())].clone()).collect();
        let last = out.last_mut().unwrap();
        *last = last.chars().take(1 + self.lot.index(last.chars().count())).collect();
        out
    }

    fn filter(&self, known: &Model) -> OrderFilter {
        let all: Vec<&Arc<OrderFacts>> = known.orders.here.values().collect();
        let some = |percent| (!all.is_empty() && self.chance(percent)).then(|| self.any(&all));
        let words: Vec<&[String]> = all.iter().map(|o| o.words.as_slice()).collect();
        OrderFilter {
            states: State::ALL.iter().filter(|_| self.chance(20)).copied().collect(),
            customer: some(15).map(|o| o.customer),
            placed: (some(20).map(|o| o.placed), some(20).map(|o| o.placed)),
            gross: (some(20).map(|o| o.gross), some(20).map(|o| o.gross)),
            country: some(20).and_then(|o| o.country.clone()),
            search: if self.chance(40) { self.words(&words) } else { vec![] },
            sort: self.any(&OrderSort::WORDS).1,
            descending: self.chance(50),
            cursor: None,
            size: 1,
        }
    }

    /// Rows on a page, and pages to look at.
    fn sizes(&self, found: usize) -> (i64, usize) {
        let (few, most) = (1 + self.lot.index(ROWS), 1 + self.lot.index(PAGES));
        let size = if self.chance(10) { few.max(found.div_ceil(most)) } else { few };
        (i64::try_from(size).unwrap(), most)
    }

    async fn orders(&self, ctx: &Ctx, known: &Model) {
        let mut f = self.filter(known);
        let wanted = known.orders(&f);
        let (size, most) = self.sizes(wanted.len());
        f.size = size;
        let listing = orders::list(ctx, &f).await.unwrap();
        assert_eq!(listing.count, counted(&wanted), "{f:?}");
        let tallies = listing.tallies.iter().filter(|t| t.orders > 0);
        let tallies: BTreeMap<_, _> =
            tallies.map(|t| ((t.state.word(), t.currency.as_str()), (t.orders, t.gross))).collect();
        assert_eq!(tallies, known.tallies());
        let of = |page: Page<orders::OrderRow>| ids(page, |o| o.id.0);
        let told = pages((of(listing.page), size, most), async |cursor| {
            let f = OrderFilter { cursor, ..f.clone() };
            of(orders::page(ctx, &f).await.unwrap())
        })
        .await;
        same(ctx, &f, (told, wanted));
    }

    async fn masters<M: Master + Subject>(&self, ctx: &Ctx, known: &All<MasterFacts>) {
        let words: Vec<&[String]> = known.here.values().map(|m| m.words.as_slice()).collect();
        let search = if self.chance(60) { self.words(&words) } else { vec![] };
        let f = MasterFilter { search, only_active: self.chance(40), cursor: None, size: 1 };
        let wanted = known.listed(&f);
        let (size, most) = self.sizes(wanted.len());
        let asked = MasterFilter { size, ..f.clone() };
        let (first, count) = records::list::<M>(ctx, &asked).await.unwrap();
        assert_eq!(count, counted(&wanted), "{f:?}");
        let told = pages((ids(first, M::id), size, most), async |cursor| {
            let f = MasterFilter { cursor, ..asked.clone() };
            ids(records::list::<M>(ctx, &f).await.unwrap().0, M::id)
        })
        .await;
        begins(&f, (&told.0, told.1), &wanted);
    }

    async fn export(&self, ctx: &Ctx, known: &Model) {
        let f = self.filter(known);
        let (mut told, mut pages) = (vec![], Pages::new(ctx, f.clone()).unwrap());
        while let Some(rows) = pages.next().await.unwrap() {
            told.extend(rows.iter().map(|o| o.id.0));
        }
        same(ctx, &f, ((told, true), known.orders(&f)));
    }
}

/// The rows that were wanted, in their order where the list has one.
#[track_caller]
fn same(ctx: &Ctx, f: &OrderFilter, ((told, whole), wanted): ((Vec<Uuid>, bool), Vec<Uuid>)) {
    let as_entered = ctx.scope.is_live() && !f.search.is_empty() && f.sort == OrderSort::Placed;
    if !as_entered {
        return begins(f, (&told, whole), &wanted);
    }
    let (found, all) = (BTreeSet::from_iter(&told), BTreeSet::from_iter(&wanted));
    assert!(found.len() == told.len() && found.is_subset(&all), "{f:?}");
    assert!(!whole || found == all, "{f:?}");
}

/// It is what was wanted, or the beginning of it.
#[track_caller]
fn begins(filter: &dyn std::fmt::Debug, (told, whole): (&[Uuid], bool), wanted: &[Uuid]) {
    assert_eq!(Some(told), wanted.get(..told.len()), "{filter:?}");
    assert_eq!(whole, told.len() == wanted.len(), "{filter:?}");
}

fn counted(wanted: &[Uuid]) -> Count {
    Count::Exactly(i64::try_from(wanted.len()).unwrap())
}

fn ids<T>(page: Page<T>, id: impl Fn(&T) -> Uuid) -> Page<Uuid> {
    Page { rows: page.rows.iter().map(id).collect(), prev: page.prev, next: page.next }
}

/// The first pages of a list, and whether they are all. Each is full but the last; the way back leads over
/// the same ones.
async fn pages(
    (mut now, size, most): (Page<Uuid>, i64, usize),
    mut page: impl AsyncFnMut(Option<Cursor>) -> Page<Uuid>,
) -> (Vec<Uuid>, bool) {
    let mut all: Vec<Vec<Uuid>> = vec![];
    loop {
        assert!(now.next.is_none() || i64::try_from(now.rows.len()) == Ok(size));
        match all.last() {
            None => assert_eq!(now.prev, None),
            Some(before) => assert_eq!(&page(now.prev).await.rows, before, "the way back"),
        }
        all.push(now.rows);
        if now.next.is_none() || all.len() == most {
            return (all.concat(), now.next.is_none());
        }
        now = page(now.next).await;
    }
}

async fn master<M: Master + Subject>(ctx: &Ctx, id: Uuid) -> Option<MasterFacts> {
    let found = records::show::<M>(ctx, id).await.ok()?;
    Some(MasterFacts::of(&found.record))
}

async fn every<M: Master + Subject>(ctx: &Ctx, all: &mut All<MasterFacts>, id: fn(&M) -> Uuid) {
    let f = MasterFilter { size: 1_000, ..MasterFilter::default() };
    for record in records::list::<M>(ctx, &f).await.unwrap().0.rows {
        all.set(id(&record), Some(MasterFacts::of(&record)));
    }
}

/// The figures of the first page.
async fn overview(ctx: &Ctx, known: &Model) {
    let told = dashboard::overview(ctx).await.unwrap();
    let months: Vec<(String, i64)> = told.months.into_iter().map(|m| (m.month, m.gross)).collect();
    let mut wanted = known.months(ctx.company.currency.code(), &ctx.company.zone());
    wanted.truncate(usize::try_from(dashboard::MONTHS).unwrap());
    assert_eq!(months, wanted);
    let f = OrderFilter { states: vec![State::Draft], ..OrderFilter::all() };
    let drafts: Vec<Uuid> = told.drafts.iter().map(|o| o.id.0).collect();
    let mut wanted = known.orders(&f);
    wanted.truncate(LATEST);
    assert_eq!(drafts, wanted);
}

/// What was deleted and is gone still.
async fn gone(ctx: &Ctx, known: &Model) {
    async fn of<R: Subject>(ctx: &Ctx) -> BTreeSet<Uuid> {
        let (mut out, mut after) = (BTreeSet::new(), None);
        loop {
            let page = deleted::list::<R>(ctx, LogFilter::default(), after).await.unwrap();
            out.extend(page.rows.iter().map(|(gone, _)| gone.id));
            after = page.next;
            if after.is_none() {
                return out;
            }
        }
    }
    assert_eq!(of::<Order>(ctx).await, known.orders.gone());
    assert_eq!(of::<Customer>(ctx).await, known.customers.gone());
    assert_eq!(of::<Product>(ctx).await, known.products.gone());
}

stories! {
    async fn l26_holds(app) {
        let mut lists = Lists::begin(app).await;
        while lists.done.values().sum::<usize>() < ACTS {
            lists.act().await;
            for _ in 0..ASKED {
                lists.ask().await;
            }
        }
        let needed = ["create", "edit an order", "edit a master", "command", "delete", "open"];
        let ways = ["sync", "merge", "keep open", "take back", "copy", "bring back"];
        let mut needed = needed.into_iter().chain(ways);
        assert!(needed.all(|what| lists.done.contains_key(what)), "{:?}", lists.done);
    }
}
