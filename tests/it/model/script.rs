//! One script: what is done is drawn by lot, done by the program, done in the model, and compared.
use super::{
    compare::{open_in, paths},
    orders,
    state::{Decided, Rec, State, fields, merge, of_json, on_top, part, with},
};
use crate::{branches::all, harness::Program};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tributary::app::Rng;

pub const API: &str = "/api/v1/alpha";

/// A branch of the model: its base and its own state, both whole.
pub struct Branch {
    pub slug: String,
    pub open: bool,
    /// The commit that closed it.
    pub merged: Option<i64>,
    /// Commits of main that merged it, or a part of it.
    pub brought: Vec<i64>,
    pub base: State,
    pub base_seq: i64,
    pub state: State,
    /// What it was after each commit that changed what it shows.
    pub past: Vec<(i64, State)>,
    /// What it was before its last commit, if that was a sync.
    pub before_sync: Option<(State, i64, State)>,
    pub decided: Decided,
}

pub struct Script {
    pub api: Program,
    /// Of whom all of the script's orders are.
    pub customer: String,
    pub lot: Rng,
    pub seq: i64,
    pub main_seq: i64,
    pub main: State,
    /// What main was after each of its commits.
    pub past: Vec<(i64, State)>,
    pub branches: Vec<Branch>,
    pub reverts: BTreeMap<i64, Decided>,
    pub names: usize,
    /// How often each thing was done.
    pub done: BTreeMap<&'static str, usize>,
    pub told: Vec<String>,
}

impl Script {
    pub async fn begin(api: Program, seed: u64) -> Self {
        let customer = orders::customer(&api).await;
        let newest = api.get(&format!("{API}/main/commits")).await.expect(200).json();
        let seq = newest["items"][0]["seq"].as_i64().unwrap();
        let mut out = Self {
            api,
            customer,
            lot: Rng::seeded(1000 + seed),
            seq,
            main_seq: seq,
            main: State::new(),
            past: vec![],
            branches: vec![],
            reverts: BTreeMap::new(),
            names: 0,
            done: BTreeMap::new(),
            told: vec![],
        };
        out.main = out.listed("main", "").await;
        out.past.push((seq, out.main.clone()));
        out
    }

    pub fn draw(&self, of: usize) -> usize {
        self.lot.index(of)
    }
    fn open_branches(&self) -> Vec<usize> {
        (0..self.branches.len()).filter(|n| self.branches[*n].open).collect()
    }
    /// Main, or an open branch.
    pub fn any_world(&self) -> Option<usize> {
        let open = self.open_branches();
        open.get(self.draw(open.len() + 1)).copied()
    }
    pub fn slug(&self, world: Option<usize>) -> String {
        world.map_or("main".into(), |n| self.branches[n].slug.clone())
    }
    pub fn state(&self, world: Option<usize>) -> &State {
        world.map_or(&self.main, |n| &self.branches[n].state)
    }
    pub fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    pub async fn step(&mut self) {
        let open = self.open_branches();
        let one = open.get(self.draw(open.len().max(1))).copied();
        match (self.draw(100), one) {
            (0..40, _) => self.edit().await,
            (40..45, _) => self.create().await,
            (45..50, _) => self.create_order().await,
            (50..57, _) => self.delete().await,
            (57..63, _) if open.len() < 4 => self.open().await,
            (63..67, Some(n)) if open.len() < 4 => self.copy(n).await,
            (67..73, Some(n)) => self.merge(n).await,
            (73..79, Some(n)) => self.merge_some(n).await,
            (79..86, Some(n)) => self.sync(n).await,
            (86..89, Some(n)) => self.undo_sync(n).await,
            (89..91, Some(n)) => self.put_away(n).await,
            _ => self.revert().await,
        }
    }

    /// The world is now so, by a commit of its own.
    pub fn becomes(&mut self, world: Option<usize>, state: State) {
        self.seq += 1;
        let seq = self.seq;
        match world {
            None => {
                self.main_seq = seq;
                self.past.push((seq, state.clone()));
                self.main = state;
            }
            Some(n) => {
                let b = &mut self.branches[n];
                b.past.push((seq, state.clone()));
                b.before_sync = None;
                b.state = state;
            }
        }
    }

    async fn create(&mut self) {
        self.names += 1;
        let world = self.any_world();
        let fields = json!({"sku": format!("M-{}", self.names), "name": format!("Model {}", self.names), "tags": ["a", "b"]});
        let url = format!("{API}/{}/products", self.slug(world));
        let made = self.api.post(&url, &fields).await.expect(201).json();
        let (id, rec) = of_json("product", &made);
        let mut state = self.state(world).clone();
        state.insert(id, rec);
        self.becomes(world, state);
        assert_eq!(made["version"], self.seq);
        self.count("create");
    }

    fn any_record(&self, world: Option<usize>) -> Option<(String, Rec)> {
        // few of them, so that the sides meet; orders name the products of before
        let own = |r: &Rec| r.get("sku").is_none_or(|sku| sku.as_str().unwrap().starts_with("M-"));
        let all = self.state(world).iter().filter(|(_, r)| own(r));
        let (orders, products): (Vec<_>, Vec<_>) = all.partition(|(_, r)| r["is"] == "order");
        let few: Vec<_> = orders.into_iter().take(4).chain(products.into_iter().take(4)).collect();
        few.get(self.draw(few.len().max(1))).map(|(id, rec)| ((*id).clone(), (*rec).clone()))
    }

    async fn edit(&mut self) {
        let world = self.any_world();
        let Some((id, before)) = self.any_record(world) else { return };
        if before["is"] == "order" {
            return self.edit_order(world, (id, before)).await;
        }
        let mut after = before.clone();
        for _ in 0..=self.draw(2) {
            let n = self.draw(3);
            let (name, value) = match self.draw(6) {
                0 => ("name", json!(["Ann", "Bob", "Cy"][n])),
                1 => ("unit", [json!("kg"), json!("box"), Value::Null][n].clone()),
                2 => ("barcode", [json!("111"), json!("222"), Value::Null][n].clone()),
                3 => ("weight_g", [json!(10), json!(20), Value::Null][n].clone()),
                4 => ("stocked", json!(n == 0)),
                _ => ("tags", [json!(["a", "c"]), json!(["b"]), json!(["a", "b", "d"])][n].clone()),
            };
            after.insert(name.into(), value);
        }
        let url = format!("{API}/{}/products/{id}", self.slug(world));
        let mut body: Value = fields("product").iter().map(|f| (*f, after[*f].clone())).collect();
        body["version"] = self.api.get(&url).await.expect(200).json()["version"].clone();
        let saved = self.api.patch(&url, &body).await.expect(200).json();
        assert_eq!(of_json("product", &saved).1, after);
        if after != before {
            let mut state = self.state(world).clone();
            state.insert(id, after);
            self.becomes(world, state);
            assert_eq!(saved["version"], self.seq);
        }
        self.count("edit");
    }

    async fn delete(&mut self) {
        let world = self.any_world();
        let Some((id, rec)) = self.any_record(world) else { return };
        let kind = rec["is"].as_str().unwrap();
        let url = format!("{API}/{}/{kind}s/{id}/deletion", self.slug(world));
        self.api.post(&url, &json!({})).await.expect(204);
        let mut state = self.state(world).clone();
        state.remove(&id);
        self.becomes(world, state);
        self.count("delete");
    }

    /// Asks for a plan, compares its conflicts, and decides each by lot: what comes of it, and the plan
    /// to agree to.
    async fn planned(
        &mut self,
        (plan, resolutions): (&str, &str),
        sides: [State; 3],
        decided: &mut Decided,
    ) -> (State, String) {
        let each = sides.each_ref();
        let (_, open) = merge(each, decided);
        let told = self.api.get(&format!("{plan}show=conflicts")).await.expect(200).json();
        assert_eq!(open_in(&told), paths(&open), "{plan}");
        for clash in open {
            let theirs = self.draw(2) == 0;
            let body = json!({
                "kind": clash.kind, "id": clash.id, "path": clash.path,
                "choice": if theirs { "theirs" } else { "ours" },
            });
            self.api.post(resolutions, &body).await.expect(200);
            decided.insert((clash.id, clash.path), (clash.sides, theirs));
            self.count("decided");
        }
        let (merged, open) = merge(each, decided);
        assert!(open.is_empty());
        let told = self.api.get(plan).await.expect(200).json();
        let name = told["plan"].as_str().unwrap().to_owned();
        self.told.push(format!("{plan}: {name}"));
        (merged, name)
    }

    async fn act(&mut self, url: &str, body: &Value) -> Option<i64> {
        let done = self.api.post(url, body).await.expect(200).json()["commit"].as_i64();
        self.told.push(format!("{url}: {done:?}"));
        done
    }

    async fn merge(&mut self, n: usize) {
        let url = format!("{API}/main/branches/{}", self.branches[n].slug);
        let b = &mut self.branches[n];
        let sides = [b.base.clone(), self.main.clone(), b.state.clone()];
        let mut decided = std::mem::take(&mut b.decided);
        let at = (format!("{url}/plan?"), format!("{url}/resolutions"));
        let (merged, plan) = self.planned((&at.0, &at.1), sides, &mut decided).await;
        self.branches[n].decided = decided;
        let keep = self.draw(2) == 0;
        let body = json!({"plan": plan, "keep_open": keep});
        let done = self.act(&format!("{url}/merge"), &body).await;
        let changed = merged != self.main;
        if changed {
            self.becomes(None, merged.clone());
        }
        assert_eq!(done, changed.then_some(self.seq));
        let (seq, b) = (self.seq, &mut self.branches[n]);
        b.open = keep;
        b.before_sync = b.before_sync.take().filter(|_| !changed);
        b.merged = done.or(b.merged).filter(|_| !keep);
        b.brought.extend(done);
        if keep && changed {
            (b.base, b.base_seq) = (merged.clone(), seq);
            self.becomes(Some(n), merged);
        }
        self.count("merge");
    }

    /// Some of its records alone.
    async fn merge_some(&mut self, n: usize) {
        let url = format!("{API}/main/branches/{}", self.branches[n].slug);
        let b = &self.branches[n];
        let ids: BTreeSet<&String> = b.base.keys().chain(b.state.keys()).collect();
        let differs = |id: &&&String| b.base.get(**id) != b.state.get(**id);
        let changed: Vec<String> = ids.iter().filter(differs).map(|id| (*id).clone()).collect();
        let some: BTreeSet<String> = changed.into_iter().filter(|_| self.draw(2) == 0).collect();
        if some.is_empty() {
            return;
        }
        let sides = [&b.base, &self.main, &b.state].map(|state| part(state, &some));
        let kind =
            |id: &String| b.base.get(id).or(b.state.get(id)).unwrap()["is"].as_str().unwrap();
        let only: Vec<String> = some.iter().map(|id| format!("{}:{id}", kind(id))).collect();
        let at = (format!("{url}/plan?only={}&", only.join(",")), format!("{url}/resolutions"));
        let mut decided = std::mem::take(&mut self.branches[n].decided);
        let (merged, plan) = self.planned((&at.0, &at.1), sides, &mut decided).await;
        self.branches[n].decided = decided;
        let done = self.act(&format!("{url}/merge"), &json!({"plan": plan, "only": only})).await;
        let main = with(&self.main, &some, &merged);
        let changed = main != self.main;
        if changed {
            self.becomes(None, main);
            assert_eq!(done, Some(self.seq));
            let b = &mut self.branches[n];
            b.base = with(&b.base, &some, &merged);
            b.brought.push(self.seq);
            let state = with(&b.state, &some, &merged);
            self.becomes(Some(n), state);
            self.count("part");
        } else {
            assert_eq!(done, None);
        }
    }

    async fn sync(&mut self, n: usize) {
        let url = format!("{API}/main/branches/{}", self.branches[n].slug);
        let b = &mut self.branches[n];
        let sides = [b.base.clone(), self.main.clone(), b.state.clone()];
        let before = (b.base.clone(), b.base_seq, b.state.clone());
        let mut decided = std::mem::take(&mut b.decided);
        let at = (format!("{url}/plan?for=sync&"), format!("{url}/resolutions"));
        let (merged, plan) = self.planned((&at.0, &at.1), sides, &mut decided).await;
        self.branches[n].decided = decided;
        let done = self.act(&format!("{url}/sync"), &json!({ "plan": plan })).await;
        let moves = self.main_seq > self.branches[n].base_seq;
        if moves {
            self.becomes(Some(n), merged);
            let (base, base_seq) = (self.main.clone(), self.main_seq);
            let b = &mut self.branches[n];
            (b.base, b.base_seq, b.before_sync) = (base, base_seq, Some(before));
        }
        assert_eq!(done, moves.then_some(self.seq));
        self.count("sync");
    }

    async fn undo_sync(&mut self, n: usize) {
        let url = format!("{API}/main/branches/{}/undoing", self.branches[n].slug);
        let Some((base, base_seq, state)) = self.branches[n].before_sync.take() else {
            self.api.post(&url, &json!({})).await.expect(409);
            return;
        };
        self.api.post(&url, &json!({})).await.expect(200);
        self.becomes(Some(n), state);
        (self.branches[n].base, self.branches[n].base_seq) = (base, base_seq);
        self.count("undo");
    }

    async fn revert(&mut self) {
        if self.past.len() < 2 {
            return;
        }
        // one of the last, most of the time
        let back = self.draw(self.past.len() - 1).min(self.draw(8));
        let at = self.past.len() - 1 - back;
        let (seq, after, before) =
            (self.past[at].0, self.past[at].1.clone(), self.past[at - 1].1.clone());
        let url = format!("{API}/main/commits/{seq}");
        let sides = [after.clone(), self.main.clone(), before.clone()];
        let mut decided = self.reverts.remove(&seq).unwrap_or_default();
        let at = (format!("{url}/revert?"), format!("{url}/resolutions"));
        let (merged, plan) = self.planned((&at.0, &at.1), sides, &mut decided).await;
        self.reverts.insert(seq, decided);
        let done = self.act(&format!("{url}/revert"), &json!({ "plan": plan })).await;
        let before_revert = self.main.clone();
        let changed = merged != self.main;
        if changed {
            self.becomes(None, merged.clone());
        }
        assert_eq!(done, changed.then_some(self.seq));
        self.count("revert");
        let of = self.branches.iter().position(|b| b.brought.contains(&seq));
        let Some(n) = of.filter(|_| changed) else { return };
        if self.branches[n].open {
            let ids = before_revert.keys().chain(merged.keys()).cloned();
            let moved = |id: &String| before_revert.get(id) != merged.get(id);
            let moved: BTreeSet<String> = ids.filter(moved).collect();
            let b = &mut self.branches[n];
            let again = on_top(&[&before, &merged, &b.state].map(|s| part(s, &moved)));
            b.base = with(&b.base, &moved, &merged);
            let state = with(&b.state, &moved, &again);
            self.becomes(Some(n), state);
            self.count("came back");
        } else if self.branches[n].merged == Some(seq) {
            let again = on_top(&[before, merged, after]);
            self.becomes(Some(n), again);
            let (base, base_seq) = (self.main.clone(), self.main_seq);
            let b = &mut self.branches[n];
            (b.open, b.merged, b.base, b.base_seq) = (true, None, base, base_seq);
            self.count("reopened");
        }
    }

    pub async fn listed(&self, world: &str, at: &str) -> State {
        let found = all(&self.api, world, &format!("products{at}")).await;
        let mut state: State = found.iter().map(|told| of_json("product", told)).collect();
        state.extend(self.listed_orders(world, at).await);
        state
    }
}
