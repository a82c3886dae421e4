//! What the program told, beside what the model says.
use super::{
    script::Script,
    state::{Clash, State},
};
use serde_json::Value;
use std::collections::BTreeSet;

impl Script {
    /// Every world as it is, and each at a moment of its past.
    pub async fn look_everywhere(&mut self) {
        for world in std::iter::once(None).chain((0..self.branches.len()).map(Some)) {
            let slug = self.slug(world);
            same(&self.listed(&slug, "").await, self.state(world), &slug);
            let past = world.map_or(&self.past, |n| &self.branches[n].past);
            let from = past[0].0;
            let span = usize::try_from(self.seq - from).unwrap() + 1;
            let at = from + i64::try_from(self.draw(span)).unwrap();
            let then = past.iter().rev().find(|(seq, _)| *seq <= at).unwrap();
            let told = self.listed(&slug, &format!("?at={at}")).await;
            same(&told, &then.1, &format!("{slug} as of {at}"));
        }
    }
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
