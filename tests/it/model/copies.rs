//! Branches begin, as copies or as main is, and are put away.
use super::{
    script::{API, Branch, Script},
    state::Decided,
};
use serde_json::{Value, json};

impl Script {
    pub async fn open(&mut self) {
        let body = json!({"name": format!("B {}", self.branches.len()), "visibility": "company"});
        let made = self.api.post(&format!("{API}/main/branches"), &body).await.expect(201).json();
        self.seq += 1;
        let state = self.main.clone();
        self.branches.push(Branch {
            slug: made["slug"].as_str().unwrap().into(),
            open: true,
            merged: None,
            brought: vec![],
            base: state.clone(),
            base_seq: self.seq,
            past: vec![(self.seq, state.clone())],
            state,
            before_sync: None,
            decided: Decided::new(),
        });
        assert_eq!(made["base"], self.seq);
    }

    /// Discarded, and opened again.
    pub async fn put_away(&mut self, n: usize) {
        let url = format!("{API}/main/branches/{}", self.branches[n].slug);
        for act in ["discarding", "reopening"] {
            self.api.post(&format!("{url}/{act}"), &json!({})).await.expect(200);
            let state = self.branches[n].state.clone();
            self.becomes(Some(n), state);
        }
    }

    /// L25: a copy of a branch shows, and comes to, what the branch does.
    pub async fn copy(&mut self, n: usize) {
        let of = self.branches[n].slug.clone();
        let name = format!("B {}", self.branches.len());
        let body = json!({"name": name, "visibility": "company", "copy_of": of});
        let made = self.api.post(&format!("{API}/main/branches"), &body).await.expect(201).json();
        self.seq += 1;
        let (seq, b) = (self.seq, &self.branches[n]);
        let copy = Branch {
            slug: made["slug"].as_str().unwrap().into(),
            open: true,
            merged: None,
            brought: vec![],
            base: b.base.clone(),
            base_seq: b.base_seq,
            state: b.state.clone(),
            past: vec![(seq, b.state.clone())],
            before_sync: None,
            decided: b.decided.clone(),
        };
        assert_eq!(made["base"], copy.base_seq);
        let url = format!("{API}/main/branches");
        let items = |plan: Value| (plan["items"].clone(), plan["conflicts"].clone());
        let (original, copied) = (
            self.api.get(&format!("{url}/{of}/plan")).await.expect(200).json(),
            self.api.get(&format!("{url}/{}/plan", copy.slug)).await.expect(200).json(),
        );
        assert_eq!(items(original), items(copied));
        self.branches.push(copy);
        self.count("copy");
    }
}
