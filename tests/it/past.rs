//! Any record as it was: by change, by moment, by day.
use crate::{
    harness::{Actor, Answer, Program},
    orders::new_order,
    stories,
};
use serde_json::{Value, json};
use tributary::domain::time::Ts;

/// A change of some kind: orders come, go, change their state, their customer and their price.
async fn change(clerk: &mut Actor, api: &Program, n: usize) {
    let url = new_order(clerk, &format!("{}", n + 1)).await;
    let now = [("_version", "")];
    match n % 6 {
        1 | 4 => {
            clerk.post(&format!("{url}/confirmation"), &now).await.expect(303);
            if n % 6 == 4 {
                let why = [("_version", ""), ("reason", "no")];
                clerk.post(&format!("{url}/cancellation"), &why).await.expect(303);
            }
        }
        2 => {
            clerk.post(&format!("{url}/deletion"), &now).await.expect(303);
        }
        3 => {
            let new = [("customer", "C-00007"), ("lines.0.qty", "9")];
            clerk.submit(&format!("{url}/edit"), "#order-form", &new).await.expect(303);
        }
        5 => {
            let all = api.get("/api/v1/alpha/main/customers?size=25").await.json();
            let id = all["items"][n]["id"].as_str().unwrap();
            let path = format!("/api/v1/alpha/main/customers/{id}");
            let one = api.get(&path).await.json();
            let new = json!({"version": one["version"], "name": format!("Aaa {n}")});
            api.patch(&path, &new).await.expect(200);
        }
        _ => {}
    }
}

/// Every page of a list, as it is or as it was.
async fn pages(api: &Program, list: &str, at: &str) -> Vec<Value> {
    let at = if at.is_empty() { String::new() } else { format!("&at={at}") };
    let (mut out, mut after) = (vec![], String::new());
    loop {
        let page =
            api.get(&format!("/api/v1/alpha/main/{list}{at}{after}")).await.expect(200).json();
        out.push(page["items"].clone());
        let Some(next) = page["next"].as_str() else { return out };
        let text: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        after = format!("&after={text}");
    }
}

/// Tabs with their counts, tiles, and the chart of a page.
fn told(page: &Answer) -> Vec<String> {
    [".tabs a", "section[aria-label='Summary'] p", "svg title", "main a.card p"]
        .iter()
        .flat_map(|part| page.texts(part))
        .collect()
}

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

    async fn a_list_as_of_any_change_is_what_it_was_then(app) {
        let mut clerk = app.actor("lead", "alpha").await;
        let api = app.program("alpha");
        let lists = [
            "orders?size=25", "orders?size=100&sort=placed", "orders?size=100&state=draft&state=cancelled", "orders?size=100&sort=-number",
            "orders?size=100&sort=customer", "orders?size=100&sort=-total&least=100", "orders?size=100&country=GB", "customers?size=100", "products?size=100&active=true",
            "orders?size=100&sort=number&q=sku-00001", "orders?size=100&sort=number&q=trading", "orders?size=100&sort=placed&q=tra&state=draft", "customers?size=100&q=aaa", "customers?size=100&q=trading", "products?size=25&q=sku",
        ];
        // the pages' counters and tiles
        let figures = ["/alpha/main/orders", "/alpha/main"];
        let mut then = vec![];
        for n in 0..12 {
            app.app.clock.advance(60);
            change(&mut clerk, &api, n).await;
            let seq = api.get("/api/v1/alpha/main/commits").await.json()["items"][0]["seq"].as_i64().unwrap();
            let mut seen = vec![];
            for list in lists {
                seen.push(pages(&api, list, "").await);
            }
            let mut shown = vec![];
            for page in figures {
                shown.push(told(&clerk.get(page).await.expect(200)));
            }
            assert!(shown.iter().all(|figures| figures.len() > 4), "{shown:?}");
            // the commits of one moment follow each other by a microsecond
            app.app.clock.advance(60);
            then.push((seq, seen, app.app.now().to_string(), shown));
        }
        for (seq, seen, moment, shown) in &then {
            for (list, was) in lists.iter().zip(seen) {
                assert!(&pages(&api, list, &seq.to_string()).await == was, "{list} at {seq}");
            }
            assert!(pages(&api, lists[0], moment).await == seen[0], "at {moment}");
            for (page, was) in figures.iter().zip(shown) {
                let now = told(&clerk.get(&format!("{page}?at={seq}")).await.expect(200));
                assert_eq!(&now, was, "{page} at {seq}");
            }
            let page = clerk.get(&format!("/alpha/main/orders?size=100&at={seq}")).await.expect(200);
            assert!(page.attrs("main form[method=post]", "action").is_empty());
            let orders = page.attrs("tbody a", "href");
            assert!(orders.iter().all(|h| h.ends_with(&format!("?at={seq}"))));
            clerk.get(&orders[0]).await.expect(200);
        }
        let (first, last) = (&then[0], &then[11]);
        assert!(first.1[0] != last.1[0], "something changed");
        let csv = |seq: i64| format!("/alpha/main/orders/export.csv?at={seq}");
        let exported = clerk.get(&csv(first.0)).await.expect(200).body;
        change(&mut clerk, &api, 0).await;
        assert_eq!(clerk.get(&csv(first.0)).await.body, exported);
        assert_ne!(clerk.get(&csv(last.0)).await.body, exported);
        let found = clerk.get(&format!("/alpha/main/search?q=sku-00001&at={}", last.0)).await.expect(200);
        assert!(found.attrs("main a[href*='/orders/']", "href").iter().all(|h| h.ends_with(&format!("?at={}", last.0))));
    }

    async fn a_record_becomes_what_it_was_and_keeps_its_state(app) {
        let mut lead = app.actor("lead", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut lead, "3").await;
        let first = api.get(&format!("/api/v1{url}")).await.json();
        let edit = [("customer", "C-00002"), ("lines.0.qty", "5"), ("customer_po", "new")];
        lead.submit(&format!("{url}/edit"), "#order-form", &edit).await.expect(303);
        let then = format!("{url}?at={}", first["version"]);
        let ask = lead.get(&then).await.attrs("main a.btn", "href").into_iter().find(|h| h.contains("/restoration")).unwrap();
        let plan = lead.get(&ask).await.expect(200);
        assert!(plan.texts("tbody tr").contains(&"Line SKU-00001: quantity 5 3".to_owned()), "{:?}", plan.texts("tbody tr"));
        let form = plan.form("main form[method=post]");
        lead.submit(&format!("{url}/edit"), "#order-form", &[("customer_po", "newer")]).await.expect(303);
        lead.post(&format!("{url}/restoration"), &form).await.expect(409);
        let form = lead.get(&ask).await.form("main form[method=post]");
        lead.post(&format!("{url}/restoration"), &form).await.expect(303);
        let now = api.get(&format!("/api/v1{url}")).await.json();
        for field in ["customer", "customer_name", "lines", "customer_po", "state", "number", "totals"] {
            assert_eq!(now[field], first[field], "{field}");
        }
        let page = lead.get(&url).await;
        assert!(page.texts("#timeline li")[0].contains("restored this"));
        let again = api.post(&format!("/api/v1{url}/restoration"), &json!({"as_of": first["version"]})).await.expect(200).json();
        assert_eq!(again["version"], now["version"], "nothing to do is no change");
        // what its state freezes stays as it is
        lead.submit(&format!("{url}/edit"), "#order-form", &[("currency", "EUR")]).await.expect(303);
        lead.post(&format!("{url}/confirmation"), &[("_version", "")]).await.expect(303);
        lead.post(&format!("{url}/completion"), &[("_version", "")]).await.expect(303);
        let frozen = api.post(&format!("/api/v1{url}/restoration"), &json!({"as_of": first["version"]})).await.expect(422).json();
        assert!(frozen["fields"]["currency"].is_string(), "{frozen}");
    }

    async fn what_was_deleted_comes_back_under_its_id(app) {
        let mut lead = app.actor("lead", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut lead, "3").await;
        let first = api.get(&format!("/api/v1{url}")).await.json();
        lead.post(&format!("{url}/deletion"), &[("_version", "")]).await.expect(303);
        let gone = first["version"].as_i64().unwrap() + 1;
        let commit = lead.get(&format!("/alpha/main/commits/{gone}")).await.expect(200);
        let then = commit.attrs("main a.menu-i", "href").into_iter().find(|h| h.contains("?at=")).unwrap();
        let ask = lead.get(&then).await.attrs("main a.btn", "href").into_iter().find(|h| h.contains("/restoration")).unwrap();
        let form = lead.get(&ask).await.expect(200).form("main form[method=post]");
        assert_eq!(lead.post(&format!("{url}/restoration"), &form).await.expect(303).header("location"), url);
        let mut back = api.get(&format!("/api/v1{url}")).await.expect(200).json();
        assert_eq!(back["version"], gone + 1);
        back["version"] = first["version"].clone();
        assert_eq!(back, first);
        assert_eq!(lead.get(&url).await.texts("#timeline li").len(), 3, "made, deleted, restored");
        lead.post(&format!("{url}/restoration"), &form).await.expect(409);
    }

    async fn a_restoration_gives_no_state(app) {
        let mut lead = app.actor("lead", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut lead, "3").await;
        let now = [("_version", ""), ("reason", "no")];
        for step in ["cancellation", "reinstatement", "deletion"] {
            lead.post(&format!("{url}/{step}"), &now).await.expect(303);
        }
        let seq = api.get("/api/v1/alpha/main/commits").await.json()["items"][2]["seq"].clone();
        assert_eq!(api.get(&format!("/api/v1{url}?at={seq}")).await.json()["state"], "cancelled");
        let back = api.post(&format!("/api/v1{url}/restoration"), &json!({"as_of": seq})).await.expect(200).json();
        assert_eq!((back["state"].as_str(), back["cancel_reason"].as_str()), (Some("draft"), None));
    }

    async fn a_restoration_that_cannot_be_says_why(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let customers = api.get("/api/v1/alpha/main/customers?size=25").await.json();
        let [one, other] = [0, 1].map(|i| format!("/api/v1/alpha/main/customers/{}", customers["items"][i]["id"].as_str().unwrap()));
        let (was, its) = (api.get(&one).await.json(), api.get(&other).await.json());
        api.patch(&one, &json!({"version": was["version"], "number": "MOVED-1"})).await.expect(200);
        api.patch(&other, &json!({"version": its["version"], "number": was["number"]})).await.expect(200);
        let back = json!({"as_of": was["version"]});
        let taken = api.post(&format!("{one}/restoration"), &back).await.expect(422).json();
        assert!(taken["fields"]["number"].as_str().unwrap().contains("has this already"), "{taken}");
        api.post(&format!("{one}/restoration"), &json!({})).await.expect(422);
        api.post(&format!("{one}/restoration"), &json!({"as_of": 999_999})).await.expect(422);
        api.post(&format!("{one}/restoration"), &json!({"as_of": 0})).await.expect(422);
        api.post(&format!("{one}/restoration"), &json!({"as_of": 1})).await.expect(404);
        app.program("beta").post(&format!("{}/restoration", one.replace("alpha", "beta")), &back).await.expect(404);
        let page = one.replace("/api/v1", "");
        clerk.get(&format!("{page}/restoration?as_of=x")).await.expect(422);
        clerk.get(&format!("{page}/restoration")).await.expect(422);
        clerk.get(&format!("{page}/restoration?as_of=0")).await.expect(422);
    }

    async fn the_present_never_passes_for_the_past(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "1").await;
        let seen = app.digest("alpha").await;
        for page in ["/alpha/main/commits", "/alpha/main/settings", "/alpha/main/suggest/customers", &format!("{url}/edit")] {
            let glue = if page.contains('?') { '&' } else { '?' };
            clerk.get(&format!("{page}{glue}at=3")).await.expect(422);
        }
        api.get("/api/v1/alpha/main/commits?at=3").await.expect(422);
        clerk.post(&format!("{url}/confirmation?at=3"), &[("_version", "")]).await.expect(422);
        api.patch(&format!("/api/v1{url}?at=3"), &json!({"version": 3, "customer_po": "x"})).await.expect(422);
        for wrong in ["0", "-1", "999999", "99999999999999999999", "yesterday", "2026-02-30", "2026-05-28T00:00", "2026-05-28T00:00:00", "1999-05-28T17:50:00%2B01:00", "1999-01-01", "1999-01-01T00:00:00Z"] {
            clerk.get(&format!("{url}?at={wrong}")).await.expect(422);
        }
        assert_eq!(app.digest("alpha").await, seen);
        app.actor("clerk", "beta").await.get(&format!("{url}?at=3")).await.expect(404);
        app.actor("warehouse", "alpha").await.get(&format!("{url}?at=3")).await.expect(403);
    }

    async fn c11_a_moment_between_two_changes_shows_the_earlier_one(app) {
        let (mut clerk, api) = (app.actor("clerk", "alpha").await, app.program("alpha"));
        let url = new_order(&mut clerk, "3").await;
        let read = |at: String| {
            let (api, url) = (app.program("alpha"), url.clone());
            async move { api.get(&format!("/api/v1{url}?at={at}")).await.expect(200).json()["lines"][0]["qty"].clone() }
        };
        app.app.clock.advance(10);
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "4")]).await.expect(303);
        let second = app.app.now();
        app.app.clock.advance(10);
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "5")]).await.expect(303);
        let third = api.get("/api/v1/alpha/main/commits").await.json()["items"][0]["at"].as_str().unwrap().to_owned();
        app.app.clock.advance(10);
        let just_before = Ts::from_micros(second.micros() + 9_999_999);
        for (at, qty) in [(second.to_string(), "4"), (just_before.to_string(), "4"), (third, "5")] {
            assert_eq!(read(at.clone()).await, qty, "{at}");
        }
    }

    async fn a_point_of_the_history_has_a_name_for_good(app) {
        let (mut clerk, api) = (app.actor("clerk", "alpha").await, app.program("alpha"));
        let url = new_order(&mut clerk, "3").await;
        let seq = api.get(&format!("/api/v1{url}")).await.json()["version"].as_i64().unwrap();
        let page = format!("/alpha/main/commits/{seq}");
        clerk.submit(&page, "form[action$='/tags']", &[("name", "Prices 2027: approved!")]).await.expect(303);
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "4")]).await.expect(303);
        let at = |slug: &str| format!("/api/v1{url}?at={slug}");
        assert_eq!(api.get(&at("prices-2027-approved")).await.expect(200).json()["lines"][0]["qty"], "3");
        assert_eq!(clerk.get(&page).await.texts("main a.badge"), ["Prices 2027: approved!"]);
        let told = clerk.get("/alpha/main/commits").await.expect(200);
        assert_eq!(told.attrs("#log a.badge", "href"), ["/alpha/main/orders?at=prices-2027-approved"]);
        clerk.get("/alpha/main/orders?at=prices-2027-approved").await.expect(200);
        assert!(told.texts(".row-a").contains(&format!("Named change {seq} “Prices 2027: approved!”")));
        // it stays where it is
        let taken = clerk.submit(&format!("/alpha/main/commits/{}", seq + 1), "form[action$='/tags']", &[("name", "prices 2027: APPROVED!")]).await.expect(422);
        assert!(taken.texts("#name-e")[0].contains("already"), "{}", taken.body);
        assert_eq!(taken.attrs("#name", "value"), ["prices 2027: APPROVED!"]);
        let tags = format!("/api/v1{page}/tags");
        // a number alone would be that of a change
        let made = api.post(&tags, &json!({"name": "2027"})).await.expect(201).json();
        assert_eq!(made["slug"], "point-2027");
        // two that URLs would write alike are told apart, and what people call it leads there too
        assert_eq!(api.post(&tags, &json!({"name": "合同"})).await.expect(201).json()["slug"], "point");
        assert_eq!(api.post(&tags, &json!({"name": "价格"})).await.expect(201).json()["slug"], "point-2");
        api.get(&at("Prices%202027:%20approved!")).await.expect(200);
        assert_eq!(api.get(&at("point-2027")).await.expect(200).json()["version"], seq);
        assert_eq!(api.get(&format!("/api/v1{page}")).await.json()["tags"].as_array().unwrap().len(), 4);
        api.post(&tags, &json!({})).await.expect(422);
        api.post("/api/v1/alpha/main/commits/9999/tags", &json!({"name": "x"})).await.expect(404);
        api.get(&at("no-such-point")).await.expect(422);
        app.program("beta").get("/api/v1/beta/main/orders?at=prices-2027-approved").await.expect(422);
    }
}
