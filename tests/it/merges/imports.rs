//! Files brought into branches: looked at there, merged like any change, and never there twice.
use super::{
    branch, command, conflicts, decide, kinds, merge, open_conflicts, order, plan, revert,
};
use crate::{
    branches::{get, within},
    harness::{Program, TestApp},
    stories,
};
use serde_json::{Value, json};
use tributary::service::{
    error::Result,
    import::{self, Ask, Summary, layout::Layout},
};

/// Rows of number, day, customer, SKU, quantity, price and the customer's reference, brought into a world.
pub async fn brought(app: &TestApp, branch: &str, rows: &str) -> Result<Summary> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.csv");
    std::fs::write(&file, format!("No,Date,Who,SKU,Qty,Price,Ref\n{rows}")).unwrap();
    let map = [
        "number=No",
        "date=Date",
        "customer=Who",
        "sku=SKU",
        "quantity=Qty",
        "unit_price=Price",
        "reference=Ref",
    ];
    let layout = Layout::mapped(&map.map(str::to_owned), None).unwrap();
    let ask = Ask { file: &file, layout, branch, rejects: None };
    import::orders(&app.ctx("alpha").await, &ask, &mut |_, _| ()).await
}

/// The orders of a world that words find.
async fn found(api: &Program, world: &str, words: &str) -> Vec<Value> {
    let path = format!("/api/v1/alpha/{world}/orders?q={words}&size=100");
    api.get(&path).await.expect(200).json()["items"].as_array().unwrap().clone()
}

const ROWS: &str = "JX-1,2026-05-01,C-00001,SKU-00001,2,4.50,one\n\
    JX-1,2026-05-01,C-00001,NEW-1,1,3.00,one\n\
    JX-2,2026-05-02,C-00001,SKU-00002,1,5.00,two\n";

/// The number that the next order of the series gets.
async fn next_number(api: &Program) -> String {
    let url = order(api).await;
    command(api, &url, "confirmation").await;
    let last = get(api, &url).await["number"].as_str().unwrap().to_owned();
    let (series, n) = last.rsplit_once('-').unwrap();
    format!("{series}-{:05}", n.parse::<u32>().unwrap() + 1)
}

stories! {
    async fn an_import_is_looked_at_on_a_branch_and_merged(app) {
        let api = app.program("alpha");
        let done = brought(app, "Old orders", ROWS).await.unwrap();
        assert_eq!((done.orders, done.products, done.branch.as_deref()), (2, 1, Some("Old orders")));
        assert_eq!((found(&api, "old-orders", "JX").await.len(), found(&api, "main", "JX").await.len()), (2, 0));
        let again = brought(app, "Old orders", ROWS).await.unwrap();
        assert_eq!((again.known, again.seq), (2, None), "it has them");
        let more = brought(app, "old-orders", "JX-3,2026-05-03,C-00001,NEW-1,1,3.00,\n").await.unwrap();
        assert_eq!((more.orders, more.products), (1, 0), "the same branch, with what it has");
        let told = plan(&api, "old-orders").await;
        assert_eq!((&told["created"], conflicts(&told).len()), (&json!(4), 0));
        merge(&api, "old-orders").await.unwrap();
        assert_eq!(found(&api, "main", "JX").await.len(), 3);
        assert_eq!(brought(app, "main", ROWS).await.unwrap().known, 2);
        let other = brought(app, "Old orders", "JX-4,2026-05-03,C-00001,NEW-1,1,3.00,\n").await;
        assert_eq!(other.unwrap().branch.as_deref(), Some("Old orders"), "one of its name is opened");
        assert_eq!(found(&api, "old-orders-2", "JX").await.len(), 4, "on main with the merged ones");
        let closed = brought(app, "old-orders", "JX-5,2026-05-03,C-00001,NEW-1,1,3.00,\n").await;
        assert!(closed.is_err(), "it was merged");
        brought(app, "Old orders", "JX-5,2026-05-03,C-00001,NEW-1,1,3.00,\n").await.unwrap();
        assert_eq!(found(&api, "old-orders-2", "JX").await.len(), 5);
    }

    async fn c48_one_file_brought_into_both_merges_by_identity(app) {
        let api = app.program("alpha");
        brought(app, "Same", ROWS).await.unwrap();
        let other = ROWS.replace("4.50,one", "4.75,uno").replace("3.00,one", "3.00,uno");
        brought(app, "Other", &other).await.unwrap();
        brought(app, "main", ROWS).await.unwrap();
        let told = plan(&api, "same").await;
        assert_eq!(conflicts(&told), Vec::<Value>::new());
        assert_eq!(merge(&api, "same").await, None, "main has it all");
        let open = open_conflicts(&api, "other").await;
        let paths: Vec<&str> = open.iter().map(|c| c["path"].as_str().unwrap()).collect();
        assert_eq!(open.len(), 2, "{open:?}");
        assert!(paths.contains(&"customer_po") && paths.iter().any(|p| p.ends_with("/price")), "{paths:?}");
        for conflict in &open {
            assert_eq!(conflict["base"], json!({}), "neither was there before");
            let choice = if conflict["path"] == "customer_po" { "theirs" } else { "ours" };
            decide(&api, "other", conflict, choice, "").await;
        }
        merge(&api, "other").await.unwrap();
        let all = found(&api, "main", "JX-1").await;
        let one = get(&api, &format!("/alpha/main/orders/{}", all[0]["id"].as_str().unwrap())).await;
        assert_eq!((all.len(), &one["customer_po"], &one["lines"][0]["unit_price"]), (1, &json!("uno"), &json!("4.5")));
    }

    async fn a_number_that_main_gave_meanwhile_is_a_conflict(app) {
        let api = app.program("alpha");
        let number = next_number(&api).await;
        let rows = format!("{number},2026-05-01,C-00001,SKU-00001,2,4.50,\nJX-9,2026-05-01,C-00001,SKU-00001,1,4.50,\n");
        brought(app, "Old orders", &rows).await.unwrap();
        assert_eq!(open_conflicts(&api, "old-orders").await.len(), 0);
        let url = order(&api).await;
        command(&api, &url, "confirmation").await;
        assert_eq!(get(&api, &url).await["number"], number, "main knows nothing of the branch");
        let open = open_conflicts(&api, "old-orders").await;
        let customer = get(&api, &url).await["customer_name"].as_str().unwrap().to_owned();
        assert_eq!((kinds(&open), &open[0]["why"]), (vec!["unique"], &json!(format!("{number} · {customer} has this too."))));
        assert_eq!(open[0]["choices"], json!(["ours"]));
        decide(&api, "old-orders", &open[0], "ours", "").await;
        merge(&api, "old-orders").await.unwrap();
        assert_eq!((found(&api, "main", "JX-9").await.len(), get(&api, &url).await["number"].clone()), (1, json!(number)));
    }

    async fn a_number_that_a_branch_brings_is_given_to_no_other(app) {
        let api = app.program("alpha");
        let number = next_number(&api).await;
        let b = branch(&api, "Old orders").await;
        let url = order(&api).await;
        super::sync(&api, &b).await;
        command(&api, &within(&url, &b), "confirmation").await;
        brought(app, "Old orders", &format!("{number},2026-05-01,C-00001,SKU-00001,2,4.50,\n")).await.unwrap();
        merge(&api, &b).await.unwrap();
        let confirmed = get(&api, &url).await["number"].as_str().unwrap().to_owned();
        assert!(confirmed > number, "{confirmed}");
        let all = found(&api, "main", &number).await;
        assert_eq!(all.iter().filter(|o| o["number"] == number.as_str()).count(), 1);
    }

    async fn what_was_taken_back_is_brought_in_again(app) {
        let api = app.program("alpha");
        let first = brought(app, "main", ROWS).await.unwrap();
        let before = found(&api, "main", "JX").await;
        revert(&api, first.seq.unwrap()).await.unwrap();
        assert_eq!(found(&api, "main", "JX").await.len(), 0);
        let second = brought(app, "main", ROWS).await.unwrap();
        let after = found(&api, "main", "JX").await;
        assert_eq!((second.orders, second.products, after.len()), (2, 1, 2));
        assert!(before.iter().all(|b| after.iter().all(|a| a["id"] != b["id"])), "new orders, the old ones stay deleted");
    }
}
