//! Orders: what is done with their lines.
use super::{
    script::{API, Script},
    state::{ORDER, Rec, State, of_json},
};
use crate::{branches::all, harness::Program};
use serde_json::{Value, json};

/// A customer whose orders are the script's: its id.
pub async fn customer(api: &Program) -> String {
    let body = json!({"number": "M-C", "name": "Model customer"});
    let made = api.post(&format!("{API}/main/customers"), &body).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

impl Script {
    pub async fn listed_orders(&self, world: &str, at: &str) -> State {
        let mark = if at.is_empty() { '?' } else { '&' };
        let list = format!("orders{at}{mark}customer={}", self.customer);
        let mut out = State::new();
        for row in all(&self.api, world, &list).await {
            let url = format!("{API}/{world}/orders/{}{at}", row["id"].as_str().unwrap());
            let (id, rec) = of_json("order", &self.api.get(&url).await.expect(200).json());
            out.insert(id, rec);
        }
        out
    }

    pub async fn create_order(&mut self) {
        let world = self.any_world();
        let line = |n: i64| json!({"sku": format!("SKU-0000{n}"), "qty": n.to_string()});
        let body =
            json!({"customer": "M-C", "tags": ["a", "b"], "lines": [line(1), line(2), line(3)]});
        let url = format!("{API}/{}/orders", self.slug(world));
        let made = self.api.post(&url, &body).await.expect(201).json();
        let (id, rec) = of_json("order", &made);
        let mut state = self.state(world).clone();
        state.insert(id, rec);
        self.becomes(world, state);
        assert_eq!(made["version"], self.seq);
        self.count("order");
    }

    /// Changes a field of its head, or a line, takes one out or adds one.
    pub async fn edit_order(&mut self, world: Option<usize>, (id, before): (String, Rec)) {
        let (mut after, n) = (before.clone(), self.draw(3));
        let mut new = None;
        let ids: Vec<String> = after["lines"].as_object().unwrap().keys().cloned().collect();
        let one = ids.get(self.draw(ids.len().max(1)));
        let lines = after["lines"].as_object_mut().unwrap();
        match (self.draw(8), one) {
            (0..3, Some(line)) => lines[line]["qty"] = json!(["4", "5", "6.5"][n]),
            (3, Some(line)) => {
                lines[line]["note"] = [json!("x"), json!("y"), Value::Null][n].clone();
            }
            (4, Some(line)) => drop(lines.remove(line)),
            (5, _) => new = Some(json!({"qty": "9", "note": null})),
            (6, _) => drop(
                after
                    .insert("tags".into(), [json!(["a", "c"]), json!(["b"]), json!([])][n].clone()),
            ),
            _ => drop(
                after
                    .insert("contact".into(), [json!("Ann"), json!("Bob"), Value::Null][n].clone()),
            ),
        }
        let url = format!("{API}/{}/orders/{id}", self.slug(world));
        let mut body: Value = ORDER.iter().map(|f| (*f, after[*f].clone())).collect();
        let now = self.api.get(&url).await.expect(200).json();
        // they stay in their order
        let with_id = |l: &Value| {
            let line = after["lines"].get(l["id"].as_str().unwrap())?;
            Some(json!({"id": l["id"], "qty": line["qty"], "note": line["note"]}))
        };
        let mut lines: Vec<Value> =
            now["lines"].as_array().into_iter().flatten().filter_map(with_id).collect();
        lines.extend(new.iter().map(|_| json!({"sku": "SKU-00004", "qty": "9"})));
        body["lines"] = json!(lines);
        body["version"] = now["version"].clone();
        let saved = self.api.patch(&url, &body).await.expect(200).json();
        let (_, told) = of_json("order", &saved);
        if let Some(line) = new {
            let fresh =
                told["lines"].as_object().unwrap().keys().find(|id| !ids.contains(id)).unwrap();
            after["lines"][fresh] = line;
        }
        assert_eq!(told, after);
        if after != before {
            let mut state = self.state(world).clone();
            state.insert(id, after);
            self.becomes(world, state);
            assert_eq!(saved["version"], self.seq);
            self.count("lines");
        }
        self.count("edit");
    }
}
