//! Laws of worlds, on random work in two companies at once: what was is what it was (L19), what is done
//! in one world is seen in no other one (L20), and companies do not influence each other (L23).
use crate::{harness::TestApp, merges, stories};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tributary::{
    app::Rng,
    domain::{customer::Customer, page::MasterFilter, record::Record},
    service::{branches, records},
};

/// Acts, and after each of them so many coordinates that are looked at again: 10,000 of each law.
const ACTS: usize = 1_000;
const LOOKS: usize = 10;
const OPEN: usize = 3;
const NAMES: [&str; 4] = ["Ann Lawful", "Bob Lawful", "Cy Lawless", "Di Lawful Lawless"];

/// What was shown at a point: the list by name, and what words find.
#[derive(Clone, Debug, PartialEq)]
struct Shown([String; 3]);

/// A world as it was seen.
struct World {
    company: &'static str,
    slug: String,
    open: bool,
    /// What it showed after each of its commits.
    past: Vec<(i64, Shown)>,
}

struct Laws<'a> {
    app: &'a TestApp,
    lot: Rng,
    worlds: Vec<World>,
    names: usize,
    done: BTreeMap<&'static str, usize>,
}

async fn look(
    app: &TestApp,
    (company, slug): (&str, &str),
    at: Option<i64>,
    which: usize,
) -> String {
    let mut ctx = branches::enter(app.ctx(company).await, slug).await.unwrap();
    if let Some(seq) = at {
        ctx = branches::as_of(ctx, seq).await.unwrap();
    }
    // the list, whole and by pages, of what the laws made and of a part of it
    let (search, size) = [("", 12), ("law", 100), ("lawful", 100)][which];
    let search = search.split_whitespace().map(str::to_owned).collect();
    let filter = MasterFilter { search, only_active: false, cursor: None, size };
    let (page, count) = records::list::<Customer>(&ctx, &filter).await.unwrap();
    let rows: Vec<String> = page.rows.iter().map(Record::body).collect();
    format!("{count:?} {rows:?}")
}

async fn seq(app: &TestApp, company: &str) -> i64 {
    app.digest(company).await.split(':').next().unwrap().parse().unwrap()
}

impl<'a> Laws<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let (lot, worlds, done) = (Rng::seeded(19), vec![], BTreeMap::new());
        let mut laws = Self { app, lot, worlds, names: 0, done };
        for company in ["alpha", "beta"] {
            laws.add(company, "main").await;
            for _ in 0..4 {
                laws.create(laws.worlds.len() - 1).await;
            }
        }
        laws
    }

    async fn add(&mut self, company: &'static str, slug: &str) {
        self.worlds.push(World { company, slug: slug.into(), open: true, past: vec![] });
        self.saw(self.worlds.len() - 1).await;
    }

    /// Keeps what a world shows after a commit of its own.
    async fn saw(&mut self, n: usize) {
        let w = &self.worlds[n];
        let place = (w.company, w.slug.as_str());
        let mut shown = <[String; 3]>::default();
        for (which, shown) in shown.iter_mut().enumerate() {
            *shown = look(self.app, place, None, which).await;
        }
        let seq = seq(self.app, w.company).await;
        self.worlds[n].past.push((seq, Shown(shown)));
    }

    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    fn url(&self, n: usize, rest: &str) -> String {
        let w = &self.worlds[n];
        format!("/api/v1/{}/{}/{rest}", w.company, w.slug)
    }

    async fn post(&self, n: usize, (rest, body): (&str, Value)) -> Value {
        let api = self.app.program(self.worlds[n].company);
        let said = api.post(&self.url(n, rest), &body).await;
        assert!(said.status.is_success(), "{rest}: {}", said.body);
        if said.body.is_empty() { Value::Null } else { said.json() }
    }

    async fn create(&mut self, n: usize) {
        self.names += 1;
        let name = NAMES[self.lot.index(NAMES.len())];
        let body = json!({"number": format!("L-{}", self.names), "name": name});
        self.post(n, ("customers", body)).await;
        self.saw(n).await;
        self.count("create");
    }

    /// A record of the laws' own that a world shows.
    async fn any(&self, n: usize) -> Option<Value> {
        let api = self.app.program(self.worlds[n].company);
        let found = api.get(&self.url(n, "customers?q=L&size=100")).await.expect(200).json();
        let own = |c: &&Value| c["number"].as_str().is_some_and(|code| code.starts_with("L-"));
        let all: Vec<&Value> = found["items"].as_array().unwrap().iter().filter(own).collect();
        all.get(self.lot.index(all.len().max(1))).map(|c| (*c).clone())
    }

    async fn edit(&mut self, n: usize) {
        let Some(one) = self.any(n).await else { return };
        let rest = format!("customers/{}", one["id"].as_str().unwrap());
        let api = self.app.program(self.worlds[n].company);
        let now = api.get(&self.url(n, &rest)).await.expect(200).json();
        let mut body = match self.lot.index(3) {
            0 => json!({"name": NAMES[self.lot.index(NAMES.len())]}),
            1 => json!({"phone": self.lot.index(1_000_000).to_string()}),
            _ => json!({"tags": [self.lot.index(3).to_string()]}),
        };
        body["version"] = now["version"].clone();
        api.patch(&self.url(n, &rest), &body).await.expect(200);
        self.saw(n).await;
        self.count("edit");
    }

    async fn delete(&mut self, n: usize) {
        let Some(one) = self.any(n).await else { return };
        self.post(n, (&format!("customers/{}/deletion", one["id"].as_str().unwrap()), json!({})))
            .await;
        self.saw(n).await;
        self.count("delete");
    }

    async fn open(&mut self, company: &'static str, main: usize) {
        let open = self.worlds.iter().filter(|w| w.open && w.company == company).count();
        if open > OPEN {
            return;
        }
        let made =
            self.post(main, ("branches", json!({"name": "Law", "visibility": "company"}))).await;
        self.add(company, made["slug"].as_str().unwrap()).await;
        self.count("open");
    }

    /// Merges a branch, or brings it up to date: its side of conflicts holds where it can.
    async fn bring(&mut self, main: usize, n: usize, what: &'static str) {
        let w = &self.worlds[n];
        let api = self.app.program(w.company);
        merges::bring(&api, (w.company, &w.slug), what).await.expect(200);
        if what == "merge" {
            self.worlds[n].open = false;
            self.saw(main).await;
        }
        self.saw(n).await;
        self.count(what);
    }

    /// Does something in one of the companies.
    async fn act(&mut self, company: &'static str) {
        let all = 0..self.worlds.len();
        let of_it: Vec<usize> =
            all.filter(|n| self.worlds[*n].open && self.worlds[*n].company == company).collect();
        let (main, any) = (of_it[0], of_it[self.lot.index(of_it.len())]);
        match self.lot.index(100) {
            0..60 => self.edit(any).await,
            60..72 => self.create(any).await,
            72..82 => self.delete(any).await,
            82..90 => self.open(company, main).await,
            90..95 if any != main => self.bring(main, any, "sync").await,
            95..98 if any != main => self.bring(main, any, "merge").await,
            98.. if any != main => {
                let at = format!("branches/{}/discarding", self.worlds[any].slug);
                self.post(main, (&at, json!({}))).await;
                self.worlds[any].open = false;
                self.count("put away");
            }
            _ => {}
        }
    }

    /// L20, L23: a world of either company shows what it showed after its own last commit.
    async fn others_stay(&self) {
        let w = &self.worlds[self.lot.index(self.worlds.len())];
        let which = self.lot.index(3);
        let now = look(self.app, (w.company, &w.slug), None, which).await;
        assert_eq!(now, w.past.last().unwrap().1.0[which], "{} {}", w.company, w.slug);
    }

    /// L19: any point of any world shows what it showed then.
    async fn past_stays(&self) {
        let w = &self.worlds[self.lot.index(self.worlds.len())];
        let (first, last) = (w.past[0].0, seq(self.app, w.company).await);
        let at = first
            + i64::try_from(self.lot.index(usize::try_from(last - first + 1).unwrap())).unwrap();
        let which = self.lot.index(3);
        let then = look(self.app, (w.company, &w.slug), Some(at), which).await;
        let known = w.past.iter().rev().find(|(seq, _)| *seq <= at).unwrap();
        assert_eq!(then, known.1.0[which], "{} {} at {at}", w.company, w.slug);
    }
}

stories! {
    async fn l19_l20_l23_hold(app) {
        let mut laws = Laws::begin(app).await;
        while laws.done.values().sum::<usize>() < ACTS {
            let [one, other] = [["alpha", "beta"], ["beta", "alpha"]][laws.lot.index(2)];
            let before = app.digest(other).await;
            laws.act(one).await;
            assert_eq!(app.digest(other).await, before, "L23: {one} added to the history of {other}");
            for _ in 0..LOOKS {
                laws.others_stay().await;
                laws.past_stays().await;
            }
        }
        let needed = ["create", "edit", "delete", "open", "sync", "merge", "put away"];
        assert!(needed.iter().all(|what| laws.done.contains_key(what)), "{:?}", laws.done);
    }
}
