//! Random work on lists' records: on main and on branches, which are merged, taken back and brought up to date.
use super::{Lists, OPEN, World};
use crate::{
    branches::{edit, get},
    merges,
};
use serde_json::{Value, json};
use tributary::domain::order::State;
use uuid::Uuid;

const WORDS: [&str; 5] = ["lawful", "lawless", "law", "lot", "lottery"];

impl Lists<'_> {
    async fn create(&mut self, n: usize) {
        self.made += 1;
        // some get a code that another world has given
        let (now, known) = (self.worlds[n].now(), 1 + self.lot.index(self.made));
        let mut code = format!("L-{}", if self.chance(40) { known } else { self.made });
        if now.customers.has_code(&code) || now.products.has_code(&code) {
            code = format!("L-{}", self.made);
        }
        let word = self.any(&WORDS);
        let named = json!({"name": format!("{word} {code}"), "number": code, "sku": code});
        let (list, body) = match self.lot.index(3) {
            0 => {
                let customer = self.customer(n);
                let line = json!({"sku": "SKU-00001", "qty": self.lot.index(9) + 1});
                ("orders", json!({"customer": customer, "customer_po": word, "lines": [line]}))
            }
            1 => ("customers", json!({"name": named["name"], "number": code})),
            _ => ("products", json!({"name": named["name"], "sku": code})),
        };
        let made = self.post(n, list, &body).await;
        self.saw_one(n, &made).await;
        self.count("create");
    }

    /// A customer that a world shows, by number or id.
    fn customer(&self, n: usize) -> String {
        let own = self.worlds[n].now().customers.own();
        if own.is_empty() || self.chance(50) {
            return format!("C-{:05}", self.lot.index(5) + 1);
        }
        self.any(&own).to_string()
    }

    /// An order of a state that a world shows.
    fn order(&self, n: usize, state: State) -> Option<Uuid> {
        let all = self.worlds[n].now().orders.here.iter().filter(|(_, o)| o.state == state);
        let all: Vec<Uuid> = all.map(|(id, _)| *id).collect();
        (!all.is_empty()).then(|| self.any(&all))
    }

    async fn edit_order(&mut self, n: usize) {
        let Some(id) = self.order(n, State::Draft) else { return };
        let (url, api) = (self.url(n, &format!("orders/{id}")), self.app.program("alpha"));
        let word = self.any(&WORDS);
        match self.lot.index(4) {
            0 => edit(&api, &url, json!({ "customer_note": word })).await,
            1 => {
                let country = self.any(&["GB", "DE", "FR"]);
                edit(&api, &url, json!({"shipping": {"country": country}})).await;
            }
            2 => {
                edit(&api, &url, json!({ "customer": self.customer(n) })).await;
            }
            _ if get(&api, &url).await["lines"].as_array().is_some_and(|l| !l.is_empty()) => {
                merges::line(&api, &url, (0, json!({"qty": self.lot.index(20) + 1}))).await;
            }
            _ => edit(&api, &url, json!({ "internal_note": word })).await,
        }
        self.saw(n, &[id].into()).await;
        self.count("edit an order");
    }

    async fn edit_master(&mut self, n: usize) {
        let now = self.worlds[n].now();
        let (list, ids): (_, Vec<Uuid>) = if self.chance(50) {
            ("customers", now.customers.here.keys().copied().collect())
        } else {
            ("products", now.products.here.keys().copied().collect())
        };
        let id = self.any(&ids);
        let fields = if self.chance(60) {
            json!({"name": format!("{} {}", self.any(&WORDS), self.lot.index(9))})
        } else {
            json!({"active": self.chance(50)})
        };
        edit(&self.app.program("alpha"), &self.url(n, &format!("{list}/{id}")), fields).await;
        self.saw(n, &[id].into()).await;
        self.count("edit a master");
    }

    async fn command(&mut self, n: usize) {
        let (state, word) =
            self.any(&[(State::Draft, "confirmation"), (State::Confirmed, "cancellation")]);
        let Some(id) = self.order(n, state) else { return };
        let url = self.url(n, &format!("orders/{id}"));
        merges::command(&self.app.program("alpha"), &url, word).await;
        self.saw(n, &[id].into()).await;
        self.count("command");
    }

    async fn delete(&mut self, n: usize) {
        let now = self.worlds[n].now();
        let named = |id: &Uuid| now.orders.here.values().any(|o| o.customer == *id);
        let free = || now.customers.own().into_iter().filter(|id| !named(id)).collect();
        let (list, ids) = match self.lot.index(3) {
            0 => ("customers", free()),
            1 => ("products", now.products.own()),
            _ => ("orders", self.order(n, State::Draft).into_iter().collect()),
        };
        if ids.is_empty() {
            return;
        }
        let id = self.any(&ids);
        self.post(n, &format!("{list}/{id}/deletion"), &json!({})).await;
        self.saw(n, &[id].into()).await;
        self.count("delete");
    }

    async fn open(&mut self) {
        if self.worlds.iter().filter(|w| w.open).count() > OPEN {
            return;
        }
        let made =
            self.post(0, "branches", &json!({"name": "Lists", "visibility": "company"})).await;
        let (slug, now) = (made["slug"].as_str().unwrap().into(), self.worlds[0].now().clone());
        let past = vec![(merges::commits(self.app).await, now)];
        self.worlds.push(World { slug, open: true, merged: None, past });
        self.count("open");
    }

    /// A branch as another one is: what was made and deleted there is nothing of it.
    async fn copy(&mut self, n: usize) {
        if self.worlds.iter().filter(|w| w.open).count() > OPEN {
            return;
        }
        let told = get(&self.app.program("alpha"), &self.branch(n)["/api/v1".len()..]).await;
        let base = self.worlds[0].then(told["base"].as_i64().unwrap());
        let mut after = self.worlds[n].now().clone();
        after.keep_of(base);
        let asked =
            json!({"name": "Copy", "visibility": "company", "copy_of": self.worlds[n].slug});
        let made = self.post(0, "branches", &asked).await;
        let past = vec![(merges::commits(self.app).await, after)];
        let slug = made["slug"].as_str().unwrap().into();
        self.worlds.push(World { slug, open: true, merged: None, past });
        self.count("copy");
    }

    /// Brings back something that is gone, unless what it names, or its code, stands against that.
    async fn bring_back(&mut self, n: usize) {
        let list = self.any(&["orders", "customers", "products"]);
        let api = self.app.program("alpha");
        let gone = get(&api, &self.url(n, &format!("{list}/deleted"))).await["items"].clone();
        let Some(gone) = gone.as_array().filter(|all| !all.is_empty()) else { return };
        let one = &gone[self.lot.index(gone.len())];
        let (id, body) = (one["id"].as_str().unwrap(), json!({"as_of": one["as_of"]}));
        let url = self.url(n, &format!("{list}/{id}/restoration"));
        let said = api.post(&format!("/api/v1{url}"), &body).await;
        if said.status.is_success() {
            self.saw(n, &[id.parse().unwrap()].into()).await;
            self.count("bring back");
        } else {
            assert!(matches!(said.status.as_u16(), 409 | 422), "{}", said.body);
        }
    }

    fn branch(&self, n: usize) -> String {
        format!("/api/v1/alpha/main/branches/{}", self.worlds[n].slug)
    }

    /// Carries out what is planned at a place, for one side or the other.
    async fn carry_out(&self, at: &str, (plan, act): (&str, &str), asked: Value) -> Value {
        let way = (plan, act, self.any(&["theirs", "ours"]));
        merges::carry_out(&self.app.program("alpha"), at, way, asked).await.expect(200).json()
    }

    /// Brings a branch up to date. What main and branch share untouched cannot change by it.
    async fn sync(&mut self, n: usize) {
        let (main, now) = (self.worlds[0].now(), self.worlds[n].now());
        let (differ, mut after) = (main.differing(now), now.clone());
        after.met(main);
        self.carry_out(&self.branch(n), ("plan?for=sync", "sync"), json!({})).await;
        let seq = merges::commits(self.app).await;
        self.saw_from(n, (seq, after), &differ).await;
        self.count("sync");
    }

    /// Merges a branch, which may stay open and is then as main is.
    async fn merge(&mut self, n: usize, keep: bool) {
        let differ = self.worlds[0].now().differing(self.worlds[n].now());
        let (way, asked) = (("plan?for=merge", "merge"), json!({ "keep_open": keep }));
        let said = self.carry_out(&self.branch(n), way, asked).await;
        self.worlds[n].open = keep;
        // without a commit there was nothing to merge: what the branch differs in was decided for main
        let Some(seq) = said["commit"].as_i64() else { return };
        self.saw_from(0, (seq, self.worlds[0].now().clone()), &differ).await;
        if keep {
            let mut after = self.worlds[0].now().clone();
            after.met(self.worlds[n].now());
            self.worlds[n].past.push((seq + 1, after));
        } else {
            self.worlds[n].merged = Some((seq, differ));
        }
        self.count(if keep { "keep open" } else { "merge" });
    }

    /// Takes the merge of a branch back, which is open again on main as it is then.
    async fn take_back(&mut self) {
        let n = (0..self.worlds.len()).find(|n| self.worlds[*n].merged.is_some());
        let Some(n) = n else { return };
        let Some((merged, mut differ)) = self.worlds[n].merged.take() else { return };
        // what it named may have gone since, and comes back
        let main = &self.worlds[0];
        differ.extend(main.now().differing(main.then(merged)));
        let at = format!("/api/v1/alpha/main/commits/{merged}");
        let said = self.carry_out(&at, ("revert?", "revert"), json!({})).await;
        let Some(done) = said["commit"].as_i64() else { return };
        self.saw_from(0, (done, self.worlds[0].now().clone()), &differ).await;
        let mut after = self.worlds[0].now().clone();
        after.met(self.worlds[n].now());
        self.saw_from(n, (done + 1, after), &differ).await;
        self.worlds[n].open = true;
        self.count("take back");
    }

    pub async fn act(&mut self) {
        let open: Vec<usize> = (0..self.worlds.len()).filter(|n| self.worlds[*n].open).collect();
        let any = self.any(&open);
        match self.lot.index(100) {
            0..34 => self.edit_order(any).await,
            34..53 => self.edit_master(any).await,
            53..66 => self.create(any).await,
            66..73 => self.command(any).await,
            73..80 => self.delete(any).await,
            80..84 => self.open().await,
            84..87 => self.bring_back(any).await,
            87..89 if any != 0 => self.copy(any).await,
            89..92 if any != 0 => self.sync(any).await,
            92..95 if any != 0 => self.merge(any, false).await,
            95..97 if any != 0 => self.merge(any, true).await,
            97.. => self.take_back().await,
            _ => {}
        }
    }
}
