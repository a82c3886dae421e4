//! What a branch that was closed long ago lets go of, and what it keeps.
use super::{API, branch, commits, made, merge, order, revert};
use crate::{
    branches::{edit, get, within},
    harness::{Program, TestApp},
    stories,
};
use serde_json::{Value, json};
use tributary::service::{compaction, verify};

/// A branch of three steps on a product, two on an order, and one on a product of its own.
async fn busy(api: &Program, name: &str) -> (String, String, String) {
    let product = made(api, "products", json!({"sku": "K-1", "name": "A", "unit": "box"})).await;
    let sold = order(api).await;
    let b = branch(api, name).await;
    for name in ["B", "C", "D"] {
        edit(api, &within(&product, &b), json!({"name": name})).await;
    }
    for contact in ["Ann", "Bob"] {
        edit(api, &within(&sold, &b), json!({"contact": contact})).await;
    }
    api.post(&format!("/api/v1/alpha/{b}/products"), &json!({"sku": "K-2", "name": "New"}))
        .await
        .expect(201);
    (b, product, sold)
}

/// What every list and record of a world says at each of some points.
async fn all(api: &Program, world: &str, points: impl Iterator<Item = i64>) -> Vec<String> {
    let mut out = vec![];
    for at in points {
        for list in ["products", "orders", "customers"] {
            out.push(
                api.get(&format!("/api/v1/alpha/{world}/{list}?at={at}&size=100"))
                    .await
                    .expect(200)
                    .body,
            );
        }
    }
    out
}

async fn compact(app: &TestApp) -> compaction::Done {
    compaction::run(&app.ctx("alpha").await, -1).await.unwrap()
}

async fn sound(app: &TestApp) {
    let report = verify::run(&app.ctx("alpha").await).await.unwrap();
    assert_eq!(report.faults, 0, "{:?}", report.found);
}

stories! {
    async fn c97_compaction_under_load_changes_no_point_of_main(app) {
        let api = app.program("alpha");
        let from = commits(app).await;
        let (b, product, sold) = busy(&api, "Long ago").await;
        let open = branch(&api, "Open").await;
        for name in ["X", "Y"] {
            edit(&api, &within(&product, &open), json!({"name": name})).await;
        }
        merge(&api, &b).await.unwrap();
        let merged_at = commits(app).await;
        let (main, end) = (all(&api, "main", from..=merged_at).await, all(&api, &b, merged_at..=merged_at).await);
        sound(app).await;
        let work = async {
            for n in 0..20 {
                edit(&api, &sold, json!({"customer_po": n.to_string()})).await;
                get(&api, &product).await;
            }
        };
        let (done, ()) = tokio::join!(compact(app), work);
        assert_eq!((done.branches, done.versions), (1, 3), "two steps of a product, one of an order");
        sound(app).await;
        assert_eq!(all(&api, "main", from..=merged_at).await, main);
        assert_eq!(all(&api, &b, merged_at..=merged_at).await, end, "what it came to is there");
        assert_eq!(compact(app).await, compaction::Done::default(), "once is enough");
        // what is open keeps all of it
        assert_eq!(get(&api, &within(&product, &open)).await["name"], "Y");
        let steps = api.get(&format!("/api/v1{}/history", within(&product, &open))).await.expect(200).json();
        assert!(steps.to_string().contains("\"Y\""), "{steps}");
        // the steps between are refused in words, on pages and for programs
        let gone = format!("{}?at={}", within(&product, &b), from + 5);
        let why = api.get(&format!("/api/v1{gone}")).await.expect(409).body;
        assert!(why.contains("This branch was compacted"), "{why}");
        let mut lead = app.actor("lead", "alpha").await;
        assert!(lead.get(&gone).await.expect(409).body.contains("This branch was compacted"));
        let page = lead.get(&within(&product, &b)).await.expect(200).body;
        assert!(page.contains("what exactly was compacted"), "{page}");
        lead.get(&format!("{}/history", within(&product, &b))).await.expect(200);
        lead.get(&format!("/alpha/{b}/commits/{}", from + 4)).await.expect(200);
        // nobody is named for a value who may not have made it
        let origins = api.get(&format!("/api/v1{product}/history")).await.expect(200).json();
        let name = origins["origins"].as_array().unwrap().iter().find(|v| v["path"] == "name").unwrap();
        assert_eq!(name["branch"], Value::Null, "{origins:#}");
    }

    async fn c78_a_merge_of_a_compacted_branch_is_taken_back_and_made_again(app) {
        let api = app.program("alpha");
        let (b, product, sold) = busy(&api, "Long ago").await;
        let before = [get(&api, &product).await["name"].clone(), get(&api, &sold).await["contact"].clone()];
        let merged = merge(&api, &b).await.unwrap();
        assert_eq!(compact(app).await.versions, 3);
        revert(&api, merged).await.unwrap();
        assert_eq!([&get(&api, &product).await["name"], &get(&api, &sold).await["contact"]], before.each_ref());
        // the branch is open again, with all that it had come to
        for po in ["more", "still more"] {
            edit(&api, &within(&sold, &b), json!({"customer_po": po})).await;
        }
        merge(&api, &b).await.unwrap();
        assert_eq!([&get(&api, &product).await["name"], &get(&api, &sold).await["contact"]], [&json!("D"), &json!("Bob")]);
        // what it had when it was open again is what main shows of its first merge
        assert_eq!(compact(app).await, compaction::Done { branches: 1, versions: 1 });
        sound(app).await;
    }

    async fn a_branch_that_was_put_away_comes_back_as_it_was_at_its_end(app) {
        let api = app.program("alpha");
        let (b, product, _) = busy(&api, "Put away").await;
        let end = get(&api, &within(&product, &b)).await;
        assert_eq!(compact(app).await, compaction::Done::default(), "it is open");
        api.post(&format!("{API}/branches/{b}/discarding"), &json!({})).await.expect(200);
        assert_eq!(compaction::run(&app.ctx("alpha").await, 1).await.unwrap().versions, 0, "not yet a day");
        assert_eq!(compact(app).await.versions, 3);
        api.post(&format!("{API}/branches/{b}/reopening"), &json!({})).await.expect(200);
        assert_eq!(get(&api, &within(&product, &b)).await, end);
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &product).await["name"], "D");
    }

    async fn a_copy_keeps_what_its_original_lets_go_of(app) {
        let api = app.program("alpha");
        let product = made(&api, "products", json!({"sku": "K-1", "name": "A"})).await;
        let b = branch(&api, "Original").await;
        edit(&api, &within(&product, &b), json!({"name": "B"})).await;
        let asked = json!({"name": "Copy", "visibility": "company", "copy_of": b});
        let copy = api.post(&format!("{API}/branches"), &asked).await.expect(201).json();
        let copy = copy["slug"].as_str().unwrap();
        edit(&api, &within(&product, &b), json!({"name": "C"})).await;
        api.post(&format!("{API}/branches/{b}/discarding"), &json!({})).await.expect(200);
        assert!(compact(app).await.versions > 0);
        assert_eq!(get(&api, &within(&product, copy)).await["name"], "B");
        merge(&api, copy).await.unwrap();
        assert_eq!(get(&api, &product).await["name"], "B");
        sound(app).await;
    }

    async fn a_merge_writes_no_body_that_its_branch_wrote(app) {
        let api = app.program("alpha");
        let named = |at: &str| format!("SELECT CAST(body_seq AS TEXT) FROM customer_versions WHERE branch_id = 0 AND from_seq = {at}");
        let bodies = || async { app.database.ask("SELECT CAST(COUNT(*) AS TEXT) FROM customer_bodies").await };
        for table in ["customer_versions", "customer_bodies"] {
            app.database.no_walls(table).await;
        }
        let url = made(&api, "customers", json!({"number": "K-1", "name": "A", "currency": "EUR"})).await;
        let first = get(&api, &url).await["version"].clone();
        let b = branch(&api, "Try").await;
        edit(&api, &within(&url, &b), json!({"name": "Somebody"})).await;
        let wrote = get(&api, &within(&url, &b)).await["version"].to_string();
        let before = bodies().await;
        let merged = merge(&api, &b).await.unwrap();
        assert_eq!((app.database.ask(&named(&merged.to_string())).await, bodies().await), (vec![wrote.clone()], before.clone()));
        // nor does taking it back; a merge of two changes makes a third body
        let back = revert(&api, merged).await.unwrap();
        assert_eq!(app.database.ask(&named(&back.to_string())).await, [first.to_string()]);
        let again = merge(&api, &b).await.unwrap();
        assert_eq!((app.database.ask(&named(&again.to_string())).await, bodies().await), (vec![wrote.clone()], before));
        let c = branch(&api, "Both").await;
        edit(&api, &within(&url, &c), json!({"note": "Kind"})).await;
        edit(&api, &url, json!({"phone": "1"})).await;
        let both = merge(&api, &c).await.unwrap().to_string();
        assert_eq!(app.database.ask(&named(&both)).await, [both]);
        sound(app).await;
        // nobody empties what main shows, and an erasure takes it from both
        let empty = format!("UPDATE customer_bodies SET body = 'null' WHERE seq = {wrote}");
        assert!(app.database.try_tamper(&empty).await.unwrap_err().to_string().contains("append-only"));
        assert_eq!(compact(app).await.versions, 0);
        api.post(&format!("/api/v1{url}/erasure"), &json!({"basis": "Asked by them"})).await.expect(200);
        for at in [first.to_string(), again.to_string()] {
            assert_eq!(api.get(&format!("/api/v1{url}?at={at}")).await.expect(200).json()["name"], "(erased)");
        }
        assert_eq!(get(&api, &within(&url, &b)).await["name"], "(erased)");
        sound(app).await;
    }

    async fn only_a_compaction_takes_bodies_and_only_where_it_may(app) {
        let api = app.program("alpha");
        let (b, product, _) = busy(&api, "Open").await;
        edit(&api, &product, json!({"unit": "crate"})).await;
        for table in ["product_versions", "product_bodies"] {
            app.database.no_walls(table).await;
        }
        let empty = |which: &str| {
            format!("UPDATE product_bodies SET body = 'null' WHERE (id, seq) IN (SELECT id, from_seq FROM product_versions WHERE {which})")
        };
        for kept in ["branch_id = 0 AND to_seq IS NOT NULL", "branch_id > 0 AND to_seq IS NULL"] {
            app.database.try_tamper(&empty(kept)).await.unwrap_err();
        }
        app.database.tamper(&empty("branch_id > 0 AND to_seq IS NOT NULL")).await;
        let report = verify::run(&app.ctx("alpha").await).await.unwrap();
        assert_eq!(report.faults, 2, "{:?}", report.found);
        assert!(report.found[0].contains("its body is gone, and no compaction took it"), "{:?}", report.found);
        api.post(&format!("{API}/branches/{b}/discarding"), &json!({})).await.expect(200);
        compact(app).await;
        sound(app).await;
    }
}
