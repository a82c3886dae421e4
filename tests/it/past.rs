//! Any record as it was: by change, by moment, by day.
use crate::{orders::new_order, stories};
use serde_json::json;

stories! {
    async fn a_record_is_shown_as_it_was_and_cannot_be_changed_there(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "3").await;
        let before = api.get(&format!("/api/v1{url}")).await.expect(200).json();
        app.app.clock.advance(60);
        let made = app.app.now();
        app.app.clock.advance(60);
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "5"), ("customer", "C-00002")]).await.expect(303);
        clerk.post(&format!("{url}/confirmation"), &[("_version", "")]).await.expect(303);

        let seq = before["version"].as_i64().unwrap();
        for at in [seq.to_string(), made.to_string()] {
            let then = api.get(&format!("/api/v1{url}?at={at}")).await.expect(200).json();
            assert_eq!(then, before, "{at}");
            let page = clerk.get(&format!("{url}?at={at}")).await.expect(200);
            assert!(page.texts("[role=note]")[0].contains(&format!("change {seq}")));
            assert!(page.texts("table.tbl")[0].contains('3') && page.texts("h1")[0].starts_with("D-"));
            assert!(page.attrs("main form[method=post]", "action").is_empty(), "nothing to change");
            assert!(page.attrs("main a", "href").iter().all(|h| !h.ends_with("/edit")));
            assert_eq!(page.texts("#timeline li").len(), 1, "what came later is not told");
            let customer = page.attrs("main a.link", "href").into_iter().find(|h| h.contains("/customers/")).unwrap();
            assert!(customer.ends_with(&format!("?at={seq}")), "{customer}");
            clerk.get(&customer).await.expect(200);
        }
        let now = clerk.get(&url).await.expect(200);
        assert!(now.texts("[role=note]").is_empty());
        let links = now.attrs("#timeline a.link", "href");
        assert_eq!(links.len(), 3);
        let first = clerk.get(&links[2]).await.expect(200);
        assert_eq!(first.texts("[role=note]"), clerk.get(&format!("{url}?at={seq}")).await.texts("[role=note]"));
        let day = clerk.get(&format!("{url}?at={}", &made.to_string()[..10])).await.expect(200);
        assert_eq!(day.texts("h1"), now.texts("h1"), "a day is its end");
    }

    async fn what_was_deleted_is_still_there_in_the_past(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "1").await;
        let made = app.program("alpha").get(&format!("/api/v1{url}")).await.json();
        clerk.post(&format!("{url}/deletion"), &[("_version", "")]).await.expect(303);
        clerk.get(&url).await.expect(404);
        clerk.get(&format!("{url}?at={}", made["version"])).await.expect(200);
        clerk.get(&format!("{url}?at={}", made["version"].as_i64().unwrap() + 1)).await.expect(404);
        clerk.get(&format!("{url}?at={}", made["version"].as_i64().unwrap() - 1)).await.expect(404);
    }

    async fn the_present_never_passes_for_the_past(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "1").await;
        let seen = app.digest("alpha").await;
        for page in ["/alpha/main", "/alpha/main/orders", "/alpha/main/customers", "/alpha/main/orders/export.csv", "/alpha/main/search?q=x", &format!("{url}/edit")] {
            let glue = if page.contains('?') { '&' } else { '?' };
            clerk.get(&format!("{page}{glue}at=3")).await.expect(422);
        }
        api.get("/api/v1/alpha/main/orders?at=3").await.expect(422);
        clerk.post(&format!("{url}/confirmation?at=3"), &[("_version", "")]).await.expect(422);
        api.patch(&format!("/api/v1{url}?at=3"), &json!({"version": 3, "customer_po": "x"})).await.expect(422);
        for wrong in ["0", "-1", "999999", "99999999999999999999", "yesterday", "2026-02-30", "1999-01-01", "1999-01-01T00:00:00Z"] {
            clerk.get(&format!("{url}?at={wrong}")).await.expect(422);
        }
        assert_eq!(app.digest("alpha").await, seen);
        app.actor("clerk", "beta").await.get(&format!("{url}?at=3")).await.expect(404);
        app.actor("warehouse", "alpha").await.get(&format!("{url}?at=3")).await.expect(403);
    }
}
