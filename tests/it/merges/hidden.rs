//! What a role does not see, it sees nowhere: not on branches, in the past, in conflicts or in proofs.
use super::{API, branch, kinds, made, merge, open_conflicts};
use crate::{
    branches::{edit, get, within},
    stories,
};
use serde_json::json;

/// Costs that nothing else looks like.
const COSTS: [&str; 4] = ["71.6113", "72.6113", "73.6113", "74.6113"];

stories! {
    async fn c84_a_cost_price_appears_nowhere_to_who_may_not_see_it(app) {
        let lead = app.program_of("lead", "alpha").await;
        let url = made(&lead, "products", json!({"sku": "COST-1", "name": "A", "cost_price": COSTS[0]})).await;
        let gone = made(&lead, "products", json!({"sku": "COST-2", "name": "B", "cost_price": COSTS[3]})).await;
        let b = branch(&lead, "Costs").await;
        let there = within(&url, &b);
        edit(&lead, &there, json!({"cost_price": COSTS[1], "unit_price": "9"})).await;
        edit(&lead, &within(&gone, &b), json!({"name": "C"})).await;
        let version = get(&lead, &gone).await["version"].clone();
        lead.post(&format!("/api/v1{gone}/deletion"), &json!({"version": version})).await.expect(204);
        edit(&lead, &url, json!({"cost_price": COSTS[2]})).await;
        let first = 1 + get(&lead, &url).await["version"].as_i64().unwrap() - 6;
        let last = get(&lead, &url).await["version"].as_i64().unwrap();
        let mut pages = vec![format!("/alpha/main/branches/{b}"), format!("/alpha/main/branches/{b}/plan")];
        for page in [&url, &there] {
            pages.extend(["", "/edit", "/history", "?tell=all"].map(|end| format!("{page}{end}")));
            pages.extend((first..=last).map(|at| format!("{page}?at={at}")));
            pages.extend((first..=last).map(|of| format!("{page}/restoration?as_of={of}")));
        }
        pages.extend((first..=last).map(|of| format!("/alpha/main/commits/{of}")));
        pages.extend((first..=last).map(|of| format!("/alpha/main/commits/{of}/revert")));
        pages.push(format!("/alpha/main/events?after={}", first - 1));
        for list in ["products", "products/deleted", "search?q=71.61", "search?q=COST-1", "suggest/products?q=COST", "products?q=72.61", "commits", "dashboard"] {
            pages.push(format!("/alpha/main/{list}"));
            pages.push(format!("/alpha/{b}/{list}"));
        }
        let shows = |body: &str| COSTS.iter().any(|c| body.contains(c));
        let mut seen_by_a_lead = 0;
        for role in ["clerk", "viewer", "warehouse"] {
            let (program, mut actor) = (app.program_of(role, "alpha").await, app.actor(role, "alpha").await);
            let (leads, mut lead_actor) = (&lead, app.actor("lead", "alpha").await);
            for page in &pages {
                let told = [actor.get(page).await.body, program.get(&format!("/api/v1{page}")).await.body];
                assert!(!told.iter().any(|t| shows(t)), "{role} sees a cost at {page}");
                if role == "clerk" {
                    let told = [lead_actor.get(page).await.body, leads.get(&format!("/api/v1{page}")).await.body];
                    seen_by_a_lead += usize::from(told.iter().any(|t| shows(t)));
                }
            }
            for seq in first..=last {
                let id = url.rsplit('/').next().unwrap();
                let proof = program.get(&format!("{API}/commits/{seq}/proof/product/{id}")).await;
                assert!(!proof.status.is_success(), "{role}: {}", proof.body);
            }
        }
        assert!(seen_by_a_lead > 15, "they are there to be seen: {seen_by_a_lead}");
    }

    async fn c84_who_does_not_see_a_cost_neither_sets_nor_decides_nor_loses_it(app) {
        let (lead, clerk) = (app.program_of("lead", "alpha").await, app.program_of("clerk", "alpha").await);
        let url = made(&lead, "products", json!({"sku": "COST-1", "name": "A", "cost_price": COSTS[0]})).await;
        let made_at = get(&lead, &url).await["version"].as_i64().unwrap();
        // a save of other fields, by program and by form, leaves it
        edit(&clerk, &url, json!({"name": "B"})).await;
        let mut actor = app.actor("clerk", "alpha").await;
        actor.submit(&format!("{url}/edit"), "#record-form", &[("name", "C")]).await.expect(303);
        assert_eq!(get(&lead, &url).await["cost_price"], COSTS[0]);
        assert!(get(&clerk, &url).await.get("cost_price").is_none());
        // it cannot be set, neither in a record nor in many
        let own = json!({"version": get(&clerk, &url).await["version"], "cost_price": "1"});
        let why = clerk.patch(&format!("/api/v1{url}"), &own).await.expect(422).body;
        assert!(why.contains("right to see cost prices"), "{why}");
        let many = json!({"do": "set", "field": "cost_price", "value": "1"});
        clerk.post(&format!("{API}/products/batch"), &many).await.expect(422);
        // two costs are a conflict that is there without its values, and that another decides
        let b = branch(&clerk, "Costs").await;
        edit(&lead, &within(&url, &b), json!({"cost_price": COSTS[1]})).await;
        edit(&lead, &url, json!({"cost_price": COSTS[2]})).await;
        let open = open_conflicts(&clerk, &b).await;
        assert_eq!(kinds(&open), ["field"]);
        let (kind, id, path) = (&open[0]["of"]["kind"], &open[0]["of"]["id"], &open[0]["path"]);
        let take = json!({"kind": kind, "id": id, "path": path, "choice": "theirs"});
        clerk.post(&format!("{API}/branches/{b}/resolutions"), &take).await.expect(409);
        lead.post(&format!("{API}/branches/{b}/resolutions"), &take).await.expect(200);
        merge(&lead, &b).await.unwrap();
        assert_eq!(get(&lead, &url).await["cost_price"], COSTS[1]);
        // a record that is made as it was keeps the cost of now
        clerk.post(&format!("/api/v1{url}/restoration"), &json!({"as_of": made_at})).await.expect(200);
        let now = get(&lead, &url).await;
        assert_eq!((&now["name"], &now["cost_price"]), (&json!("A"), &json!(COSTS[1])));
    }

    async fn a_batch_of_costs_is_named_without_them(app) {
        let lead = app.program_of("lead", "alpha").await;
        let many = json!({"do": "set", "field": "cost_price", "value": COSTS[0]});
        lead.post(&format!("{API}/products/batch"), &many).await.expect(202);
        let told = lead.get(&format!("{API}/branches")).await.expect(200).body;
        assert!(told.contains("Products: Cost price") && !told.contains(COSTS[0]), "{told}");
    }

    async fn k3_no_hash_lets_a_cost_be_guessed(app) {
        let (lead, clerk) = (app.program_of("lead", "alpha").await, app.program_of("clerk", "alpha").await);
        let mut salts = std::collections::BTreeSet::new();
        for sku in ["S-1", "S-2"] {
            // what is the same but for the salt
            let url = made(&lead, "products", json!({"sku": sku, "name": "A", "cost_price": COSTS[0]})).await;
            let salt = get(&lead, &url).await["cost_salt"].as_str().unwrap().to_owned();
            assert!(salt.len() >= 26, "{salt}");
            salts.insert(salt.clone());
            // it stays, whatever is done, and is seen by nobody else
            edit(&clerk, &url, json!({"name": "B"})).await;
            edit(&lead, &url, json!({"cost_price": COSTS[1]})).await;
            assert_eq!(get(&lead, &url).await["cost_salt"], salt);
            for page in [url.clone(), format!("{url}/edit"), format!("{url}/history")] {
                let told = [app.actor("lead", "alpha").await.get(&page).await.body, clerk.get(&format!("/api/v1{page}")).await.body];
                assert!(!told.iter().any(|t| t.contains(&salt)), "{page}");
            }
        }
        assert_eq!(salts.len(), 2);
        // a batch and a product that had no cost before give it one too
        let url = made(&clerk, "products", json!({"sku": "S-3", "name": "A"})).await;
        assert!(get(&lead, &url).await.get("cost_salt").is_none());
        edit(&lead, &url, json!({"cost_price": COSTS[2]})).await;
        assert!(get(&lead, &url).await["cost_salt"].is_string());
        lead.patch(&format!("/api/v1{url}"), &json!({"version": get(&lead, &url).await["version"], "cost_salt": "x"})).await.expect(422);
    }

    async fn what_a_save_is_called_names_nothing_that_some_do_not_see(app) {
        let lead = app.program_of("lead", "alpha").await;
        let url = made(&lead, "products", json!({"sku": "COST-1", "name": "A"})).await;
        for (fields, message) in [
            (json!({"cost_price": COSTS[0]}), "Changed product COST-1"),
            (json!({"cost_price": COSTS[1], "name": "B"}), "Changed product COST-1: Name"),
        ] {
            edit(&lead, &url, fields).await;
            let newest = lead.get(&format!("{API}/commits")).await.expect(200).json();
            assert_eq!(newest["items"][0]["message"], message);
        }
    }
}
