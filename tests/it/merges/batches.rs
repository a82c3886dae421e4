//! Many records in one commit, and their way back.
use super::{API, conflicts, revert};
use crate::{
    branches::{edit, get},
    stories,
};
use serde_json::json;
use tributary::service::import::{self, Ask, layout::Layout};

stories! {
    async fn c90_an_import_is_taken_back_but_what_was_changed_since(app) {
        let api = app.program("alpha");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("orders.csv");
        let row = |n: usize| format!("B-{n:03},2026-05-01,C-00001,SKU-00001,2,4.50\n");
        let rows: String = (0..40).map(row).collect();
        std::fs::write(&file, format!("No,Date,Who,SKU,Qty,Price\n{rows}")).unwrap();
        let map = ["number=No", "date=Date", "customer=Who", "sku=SKU", "quantity=Qty", "unit_price=Price"];
        let layout = Layout::mapped(&map.map(str::to_owned), None).unwrap();
        let ask = Ask { file: &file, layout, rejects: None };
        let done = import::orders(&app.ctx("alpha").await, &ask, &mut |_, _| ()).await.unwrap();
        let seq = done.seq.unwrap();
        assert_eq!((done.orders, done.customers, done.products), (40, 0, 0));
        let found = || async { api.get(&format!("{API}/orders?q=B-0&size=100")).await.json()["items"].as_array().unwrap().clone() };
        let all = found().await;
        assert_eq!(all.len(), 40);
        let url = format!("/alpha/main/orders/{}", all[7]["id"].as_str().unwrap());
        edit(&api, &url, json!({"internal_note": "changed since"})).await;
        let path = format!("{API}/commits/{seq}/revert");
        let plan = api.get(&format!("{path}?show=conflicts")).await.expect(200).json();
        let open = conflicts(&plan);
        assert_eq!((&plan["deleted"], open.len()), (&json!(39), 1));
        assert_eq!((&open[0]["kind"], &open[0]["of"]["id"]), (&json!("deleted-in-branch"), &all[7]["id"]));
        let keep = json!({"all": "deleted-in-branch", "choice": "ours"});
        api.post(&format!("{API}/commits/{seq}/resolutions"), &keep).await.expect(200);
        revert(&api, seq).await.unwrap();
        let left = found().await;
        assert_eq!((left.len(), &left[0]["id"]), (1, &all[7]["id"]));
        assert_eq!(get(&api, &url).await["internal_note"], "changed since");
    }
}
