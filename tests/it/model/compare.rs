//! What the program told, beside what the model says.
use super::{
    script::Script,
    state::{Clash, Rec, State},
};
use crate::branches::all;
use serde_json::Value;
use std::collections::BTreeSet;

impl Script {
    /// Every world as it is, and each at a moment of its past.
    pub async fn look_everywhere(&mut self) {
        for world in std::iter::once(None).chain((0..self.branches.len()).map(Some)) {
            let slug = self.slug(world);
            same(&self.listed(&slug, "").await, self.state(world), &slug);
            self.searched(&slug, "", self.state(world)).await;
            let past = world.map_or(&self.past, |n| &self.branches[n].past);
            let from = past[0].0;
            let span = usize::try_from(self.seq - from).unwrap() + 1;
            let at = from + i64::try_from(self.draw(span)).unwrap();
            let then = past.iter().rev().find(|(seq, _)| *seq <= at).unwrap();
            let told = self.listed(&slug, &format!("?at={at}")).await;
            same(&told, &then.1, &format!("{slug} as of {at}"));
            self.searched(&slug, &format!("&at={at}"), &then.1).await;
        }
    }

    /// L26: what a list of a world finds, in its order, is what one finds who looks at all of its records.
    async fn searched(&self, slug: &str, at: &str, state: &State) {
        let word = ["ann", "bob", "cy", "mod", "111", "22", "a", "nothing"][self.draw(8)];
        let active = self.draw(2) == 0;
        let list = format!("products?q={word}{}{at}", if active { "&active=true" } else { "" });
        let text = |r: &Rec, f: &str| r[f].as_str().unwrap_or_default().to_lowercase();
        let has = |r: &Rec| {
            let all = ["sku", "name", "barcode"].map(|f| text(r, f)).join(" ");
            all.split(|c: char| !c.is_alphanumeric()).any(|w| w.starts_with(word))
        };
        let wanted = |r: &&Rec| r["is"] == "product" && has(r) && (!active || r["active"] == true);
        let mut model: Vec<(String, &String)> =
            state.iter().filter(|(_, r)| wanted(r)).map(|(id, r)| (text(r, "name"), id)).collect();
        model.sort();
        let told: Vec<(String, String)> =
            all(&self.api, slug, &list).await.iter().map(of).collect();
        let told: Vec<(String, &String)> =
            told.iter().map(|(name, id)| (name.clone(), id)).collect();
        assert_eq!(told, model, "{slug}: {list}");
    }
}

/// Name, folded, and id.
fn of(told: &Value) -> (String, String) {
    let text = |f: &str| told[f].as_str().unwrap().to_owned();
    (text("name").to_lowercase(), text("id"))
}

/// Panics with the records in which two worlds differ.
pub fn same(told: &State, model: &State, what: &str) {
    let ids: BTreeSet<&String> = told.keys().chain(model.keys()).collect();
    let differ: Vec<_> = ids.iter().filter(|id| told.get(**id) != model.get(**id)).collect();
    let each: Vec<_> = differ.iter().map(|id| (told.get(**id), model.get(**id))).collect();
    assert!(each.is_empty(), "{what}: {each:#?}");
}

pub fn paths(open: &[Clash]) -> Vec<(String, String)> {
    let mut out: Vec<_> = open.iter().map(|c| (c.id.clone(), c.path.clone())).collect();
    out.sort();
    out
}

pub fn open_in(plan: &Value) -> Vec<(String, String)> {
    let mut out = vec![];
    for item in plan["items"].as_array().unwrap() {
        let open = item["conflicts"].as_array().unwrap().iter().filter(|c| c["decided"].is_null());
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        out.extend(open.map(|c| (text(&item["id"]), text(&c["path"]))));
    }
    out.sort();
    out
}
