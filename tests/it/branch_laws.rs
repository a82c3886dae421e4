//! Laws of whole branches, on random work in rounds: a copy is what it was made of (L25), what is shown
//! before a merge is what it does (L29), some of it first and then the rest is all of it (L27), and what is
//! taken back is as it was (L9). Of customers and products; orders are in the model's scripts.
use crate::{
    harness::{Program, TestApp},
    merges::{self, API, conflicts, revert},
    stories,
};
use rand::{
    Rng, SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tributary::{
    domain::{customer::Customer, page::MasterFilter, product::Product},
    service::{
        branches,
        context::Ctx,
        records::{self, Saved},
        subjects::Subject,
    },
    store::kinds::Master,
};
use uuid::Uuid;

/// Records that are looked at, for each law. Of the some 250 of a round every fifth changed.
const CASES: usize = 10_000;
/// Saves on either side of a round.
const SAVES: usize = 60;
/// A part of a branch that is merged by itself has at most so many records.
const PART: usize = 100;

/// Every customer and product of a world.
type All = BTreeMap<(&'static str, Uuid), Value>;

struct Rounds<'a> {
    app: &'a TestApp,
    api: Program,
    lot: StdRng,
    made: usize,
    /// How many records each law was looked at for.
    seen: BTreeMap<&'static str, usize>,
}

async fn every<M: Master + Subject>(ctx: &Ctx, all: &mut All) {
    let filter = MasterFilter { size: 100_000, ..MasterFilter::default() };
    for record in records::list::<M>(ctx, &filter).await.unwrap().0.rows {
        all.insert((M::KIND.word(), record.id()), record.value());
    }
}

/// The records of two worlds that are not the same.
fn differing(one: &All, two: &All) -> BTreeSet<(&'static str, Uuid)> {
    let keys = one.keys().chain(two.keys());
    keys.filter(|key| one.get(key) != two.get(key)).copied().collect()
}

/// A record with changes as they are shown.
fn changed(before: &Value, changes: &[Value]) -> Value {
    let mut out = before.clone();
    for change in changes {
        let name = change["path"].as_str().unwrap();
        out[name] = change["after"].clone();
    }
    out.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    out
}

impl Rounds<'_> {
    async fn ctx(&self, slug: &str) -> Ctx {
        branches::enter(self.app.ctx("alpha").await, slug).await.unwrap()
    }

    async fn all(&self, slug: &str) -> All {
        let (ctx, mut all) = (self.ctx(slug).await, All::new());
        every::<Customer>(&ctx, &mut all).await;
        every::<Product>(&ctx, &mut all).await;
        all
    }

    /// A random change, of one field or of several.
    fn fields(&mut self, kind: &str) -> Value {
        let names: &[&str] = match kind {
            "customer" => &["name", "phone", "email", "tags", "active", "language"],
            _ => &["name", "barcode", "unit", "tags", "active", "weight_g"],
        };
        let some = self.lot.random_range(1..4);
        let mut out = Map::new();
        for name in names.choose_multiple(&mut self.lot, some) {
            let n = self.lot.random_range(1..4);
            let value = match *name {
                "tags" => json!([["a"], ["b"], ["c"]][n - 1]),
                "active" => json!(n > 1),
                "weight_g" => json!(n),
                "email" => json!(format!("law{n}@example.com")),
                "language" => json!(["en", "de", "fr"][n - 1]),
                _ => json!(format!("law {n}")),
            };
            out.insert((*name).into(), value);
        }
        Value::Object(out)
    }

    async fn save<M: Subject>(&mut self, ctx: &Ctx, id: Uuid) {
        let given = self.fields(M::KIND.word());
        let now = records::show::<M>(ctx, id).await.unwrap();
        let saved = records::save::<M>(ctx, id, now.seq, &given).await.unwrap();
        assert!(!matches!(saved, Saved::Conflict(_)));
    }

    /// Random work in a world: saves of what its past and the other worlds have too, new products, and
    /// deletions of what was made in an earlier round.
    async fn work(&mut self, slug: &str) {
        let (ctx, all) = (self.ctx(slug).await, self.all(slug).await);
        let keys: Vec<_> = all.keys().copied().collect();
        let own = |key: &&(&str, Uuid)| {
            all[*key]["sku"].as_str().is_some_and(|sku| sku.starts_with("L-"))
        };
        let gone: Vec<_> = keys.iter().filter(own).copied().collect();
        let gone: BTreeSet<_> = gone.choose_multiple(&mut self.lot, 3).copied().collect();
        for (_, id) in &gone {
            let url = format!("/api/v1/alpha/{slug}/products/{id}/deletion");
            self.api.post(&url, &json!({})).await.expect(204);
        }
        let stays: Vec<_> = keys.iter().filter(|key| !gone.contains(key)).collect();
        let some: Vec<_> = stays.choose_multiple(&mut self.lot, SAVES).map(|key| **key).collect();
        for (kind, id) in some {
            match kind {
                "customer" => self.save::<Customer>(&ctx, id).await,
                _ => self.save::<Product>(&ctx, id).await,
            }
        }
        for _ in 0..4 {
            self.made += 1;
            let new = json!({"sku": format!("L-{}", self.made), "name": "New"});
            self.api.post(&format!("/api/v1/alpha/{slug}/products"), &new).await.expect(201);
        }
    }

    /// What a branch's plan shows, record by record: what changes, or what is in conflict.
    async fn planned(&self, b: &str, show: &str) -> Vec<Value> {
        let (mut out, mut from) = (vec![], json!(0));
        while !from.is_null() {
            let url = format!("{API}/branches/{b}/plan?show={show}&from={from}");
            let page = self.api.get(&url).await.expect(200).json();
            out.extend(page["items"].as_array().unwrap().iter().cloned());
            from = page["next"].clone();
        }
        out
    }

    /// Decides each conflict by lot.
    async fn decide(&mut self, b: &str) {
        for conflict in conflicts(&json!({ "items": self.planned(b, "conflicts").await })) {
            let choice = if self.lot.random_bool(0.5) { "ours" } else { "theirs" };
            merges::decide(&self.api, b, &conflict, choice, "").await;
            self.count("decided", 1);
        }
    }

    fn count(&mut self, law: &'static str, records: usize) {
        *self.seen.entry(law).or_default() += records;
    }

    async fn round(&mut self) {
        let b = merges::branch(&self.api, "Law").await;
        self.work(&b).await;
        self.work("main").await;
        self.decide(&b).await;
        let body = json!({"name": "Copy", "visibility": "company", "copy_of": b});
        let made = self.api.post(&format!("{API}/branches"), &body).await.expect(201).json();
        let copy = made["slug"].as_str().unwrap().to_owned();

        let (before, own) = (self.all("main").await, self.all(&b).await);
        assert_eq!(differing(&own, &self.all(&copy).await), BTreeSet::new(), "L25");
        let shown = self.planned(&b, "changes").await;
        assert_eq!(shown, self.planned(&copy, "changes").await, "L25");
        self.count("L25", own.len());

        let merged = merges::merge(&self.api, &b).await.unwrap();
        let whole = self.all("main").await;
        self.as_shown(&shown, [&before, &own, &whole]);
        revert(&self.api, merged).await.unwrap();
        assert_eq!(differing(&self.all("main").await, &before), BTreeSet::new(), "L9");
        self.count("L9", before.len());

        let mut keys: Vec<String> = shown
            .iter()
            .map(|r| format!("{}:{}", r["kind"].as_str().unwrap(), r["id"].as_str().unwrap()))
            .collect();
        keys.shuffle(&mut self.lot);
        keys.truncate(self.lot.random_range(1..keys.len().min(PART)));
        let plan = format!("{API}/branches/{copy}/plan?only={}", keys.join(","));
        let agreed = self.api.get(&plan).await.expect(200).json()["plan"].clone();
        let body = json!({"plan": agreed, "only": keys});
        self.api.post(&format!("{API}/branches/{copy}/merge"), &body).await.expect(200);
        assert_ne!(self.all("main").await, whole);
        merges::merge(&self.api, &copy).await.unwrap();
        assert_eq!(differing(&self.all("main").await, &whole), BTreeSet::new(), "L27");
        self.count("L27", whole.len());
    }

    /// What a plan showed of each record is what came of it, and nothing else changed.
    fn as_shown(&mut self, shown: &[Value], [before, own, after]: [&All; 3]) {
        let mut named = BTreeSet::new();
        for record in shown {
            let kind = if record["kind"] == "customer" { "customer" } else { "product" };
            let key = (kind, record["id"].as_str().unwrap().parse().unwrap());
            let changes = record["changes"].as_array().unwrap();
            match record["effect"].as_str().unwrap() {
                "deleted" => assert_eq!(after.get(&key), None, "L29: {record}"),
                "nothing" => continue,
                "created" => assert_eq!(after.get(&key), own.get(&key), "L29: {record}"),
                _ => assert_eq!(after[&key], changed(&before[&key], changes), "L29: {record}"),
            }
            named.insert(key);
        }
        assert_eq!(differing(before, after), named, "L29");
        self.count("L29", before.len());
    }
}

stories! {
    async fn l9_l25_l27_l29_hold(app) {
        let (api, lot) = (app.program("alpha"), StdRng::seed_from_u64(25));
        let mut rounds = Rounds { app, api, lot, made: 0, seen: BTreeMap::new() };
        let laws = ["L9", "L25", "L27", "L29"];
        while laws.iter().any(|law| rounds.seen.get(law).is_none_or(|seen| *seen < CASES)) {
            rounds.round().await;
        }
        assert!(rounds.seen["decided"] > CASES / 200, "{:?}", rounds.seen);
    }
}
