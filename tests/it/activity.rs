//! The log of a company's changes, and the page of one of them.
use crate::{
    branches::{edit, get, open, within},
    harness::TestApp,
    merges::{API, branch, made, merge},
    stories,
};
use serde_json::{Value, json};

/// What the commits of main say that a query asks for.
async fn messages(app: &TestApp, query: String) -> Vec<String> {
    let url = format!("{API}/commits?{query}");
    let found = app.program("alpha").get(&url).await.expect(200).json();
    let all = found["items"].as_array().unwrap().iter();
    all.map(|c| c["message"].as_str().unwrap().to_owned()).collect()
}

stories! {
    async fn the_log_is_narrowed_by_who_what_and_day(app) {
        let (mine, other) = (app.program_of("clerk", "alpha").await, app.program("alpha"));
        app.app.clock.advance(3 * 86_400);
        let mut clerk = app.actor("clerk", "alpha").await;
        let thing = |sku: &str| json!({"sku": sku, "name": sku});
        let made = mine.post("/api/v1/alpha/main/products", &thing("L-1")).await.expect(201).json();
        other.post("/api/v1/alpha/main/products", &thing("L-2")).await.expect(201);
        let id = made["id"].as_str().unwrap();
        let gone = format!("/api/v1/alpha/main/products/{id}/deletion");
        other.post(&gone, &json!({})).await.expect(204);
        let who = tributary::service::accounts::user_of(&app.app, "clerk@alpha.example.com").await.unwrap();
        let told = |query: String| messages(app, query);
        assert_eq!(told(format!("who={}&what=create", who.id)).await, ["Created product L-1"]);
        assert_eq!(told("what=deletion".into()).await, ["Deleted product L-1"]);
        let today = app.app.now().to_string()[..10].to_owned();
        assert!(told(format!("to={today}")).await.contains(&"Created product L-2".to_owned()));
        let before = told("to=2026-05-29".into()).await;
        assert!(!before.is_empty() && !before.iter().any(|m| m.contains("L-")), "{before:?}");
        // a person sees the same, and what is no day is said beside its field
        let page = clerk.fragment("/alpha/main/commits?what=deletion", "log").await.expect(200);
        assert_eq!(page.texts(".row-a"), ["Deleted product L-1"]);
        let page = clerk.get("/alpha/main/commits?to=yesterday").await.expect(422);
        assert!(!page.texts("#to-e").is_empty());
        clerk.get("/alpha/main/commits?what=deletion&to=2020-01-01").await.expect(200);
    }

    async fn the_log_offers_what_can_have_been_done_in_its_world(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let b = branch(&app.program("alpha"), "Try").await;
        let main = clerk.get("/alpha/main/commits").await.expect(200).attrs("#what option", "value");
        let own = clerk.get(&format!("/alpha/{b}/commits")).await.expect(200).attrs("#what option", "value");
        for (what, offered) in [("edit", [true, true]), ("batch", [false, true]), ("sync", [false, true]), ("undoing", [false, true]), ("revert", [true, false]), ("settings", [true, false])] {
            assert_eq!([&main, &own].map(|all| all.iter().any(|o| o == what)), offered, "{what}");
        }
        // a link that asks for it shows that it does
        let asked = clerk.get("/alpha/main/commits?what=batch").await.expect(200);
        assert_eq!(asked.attrs("#what option[selected]", "value"), ["batch"]);
    }

    async fn the_log_is_narrowed_by_kind_days_names_and_world(app) {
        let api = app.program("alpha");
        let thing = |sku: &str| json!({"sku": sku, "name": sku});
        api.post("/api/v1/alpha/main/products", &thing("L-1")).await.expect(201);
        app.app.clock.advance(3 * 86_400);
        let body = json!({"number": "C-L1", "name": "Late"});
        let made = api.post("/api/v1/alpha/main/customers", &body).await.expect(201).json();
        let today = app.app.now().to_string()[..10].to_owned();
        let told = |query: String| messages(app, query);
        assert_eq!(told("kind=product&what=create".into()).await, ["Created product L-1"]);
        assert_eq!(told(format!("from={today}")).await, ["Created customer Late"]);
        assert!(told("from=2100-01-01".into()).await.is_empty());
        assert!(told("named=true".into()).await.is_empty());
        let (seq, name) = (made["version"].as_i64().unwrap(), json!({"name": "Late one"}));
        api.post(&format!("/api/v1/alpha/main/commits/{seq}/tags"), &name).await.expect(201);
        assert_eq!(told("named=true".into()).await, ["Created customer Late"]);
        for odd in ["kind=thing", "from=monday"] {
            api.get(&format!("/api/v1/alpha/main/commits?{odd}")).await.expect(422);
        }
        // a branch's activity is a page of that branch, with the same filter
        let mut clerk = app.actor("clerk", "alpha").await;
        let b = open(&mut clerk, "Try").await;
        let url = format!("/api/v1/alpha/{b}/products");
        api.post(&url, &thing("L-2")).await.expect(201);
        let to = clerk.get(&format!("/alpha/main/commits?branch={b}&kind=product")).await.expect(303).header("location").to_owned();
        let page = clerk.get(&to).await.expect(200);
        assert_eq!(page.texts(".row-a"), ["Created product L-2"]);
        assert_eq!(page.attrs("#branch option[selected]", "value"), [b]);
    }

    async fn the_page_of_a_change_tells_what_it_changed(app) {
        let api = app.program("alpha");
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = made(&api, "products", json!({"sku": "P-1", "name": "Old", "unit_price": "4"})).await;
        let b = branch(&api, "Prices").await;
        let there = within(&url, &b);
        edit(&api, &there, json!({"name": "Newer"})).await;
        edit(&api, &there, json!({"name": "Newest", "unit_price": "5"})).await;
        for n in 0..55 {
            let body = json!({"sku": format!("P-X{n}"), "name": "More"});
            api.post(&format!("/api/v1/alpha/{b}/products"), &body).await.expect(201);
        }
        let branch_seq = get(&api, &there).await["version"].as_i64().unwrap();
        let seq = merge(&api, &b).await.unwrap();
        // a step on the branch is told against the step before it, the merge against main
        let of = |world: &str, seq: i64| { let at = format!("/api/v1/alpha/{world}/commits/{seq}"); let api = app.program("alpha"); async move { api.get(&at).await.expect(200).json() } };
        let (step, all) = (of(&b, branch_seq).await, of("main", seq).await);
        let changes = |c: &Value| {
            let item = c["touched"].as_array().unwrap().iter().find(|t| t["effect"] == "changed").unwrap().clone();
            let each = item["changes"].as_array().unwrap().iter().map(|c| format!("{}: {} to {}", c["path"].as_str().unwrap(), c["before"], c["after"]));
            each.collect::<Vec<_>>()
        };
        assert_eq!(changes(&step)[0], "name: \"Newer\" to \"Newest\"");
        let (mut first, mut after, mut n) = (None, String::new(), 0);
        loop {
            let part = api.get(&format!("{API}/commits/{seq}?after={after}")).await.expect(200).json();
            n += part["touched"].as_array().unwrap().len();
            if part["touched"].as_array().unwrap().iter().any(|t| t["effect"] == "changed") {
                first = Some(changes(&part));
            }
            match part["next"].as_str() { Some(next) => next.clone_into(&mut after), None => break }
        }
        assert_eq!((n, first.unwrap()[0].as_str()), (56, "name: \"Old\" to \"Newest\""));
        assert_eq!(all["merged"]["branch"], b.as_str());
        // the page tells the same, and leads on to the rest and to the branch
        let page = clerk.get(&format!("/alpha/main/commits/{seq}")).await.expect(200);
        assert_eq!(page.texts("#records > li").len(), 50);
        let more = page.attrs("a[rel=next]", "href")[0].clone();
        let rest = clerk.get(&more).await.expect(200);
        assert_eq!(rest.texts("#records > li").len(), 6);
        let told = page.body.clone() + &rest.body;
        assert!(told.contains("<ins class=\"ins\">Newest</ins>"), "{told}");
        let to_branch = page.attrs("main p a.link", "href");
        assert!(to_branch.iter().any(|h| h.contains(&format!("/{b}/commits/"))), "{to_branch:?}");
        for href in to_branch {
            clerk.get(&href).await.expect(200);
        }
        api.get(&format!("{API}/commits/{seq}?after=x")).await.expect(422);
        // and the record's versions are listed
        let versions = api.get(&format!("/api/v1{url}/history")).await.expect(200).json()["versions"].clone();
        let causes: Vec<&str> = versions.as_array().unwrap().iter().map(|v| v["cause"].as_str().unwrap()).collect();
        assert_eq!(causes, ["merge", "create"]);
    }
}
