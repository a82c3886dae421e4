//! The JSON API: the same use-cases, for programs.
use crate::{
    harness::{Answer, Program, TestApp},
    stories,
};
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ORDERS: &str = "/api/v1/alpha/main/orders";

fn draft() -> Value {
    json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "2"}, {"sku": "SKU-00002", "qty": 1.5, "unit_price": "9.99"}]})
}

/// As a program does that is told to come back later: nothing was changed then.
async fn until_answered(api: &Program, url: &str, body: &Value) -> Answer {
    loop {
        let answer = api.post(url, body).await;
        if answer.status != 503 {
            return answer;
        }
        assert_eq!(answer.header("retry-after"), "2");
    }
}

async fn bodies_that_make_no_sense(app: &TestApp) -> Vec<(Value, u16)> {
    let foreign =
        app.program("beta").get("/api/v1/beta/main/customers").await.json()["items"][0]["id"]
            .clone();
    vec![
        (json!({}), 422),
        (json!({"customer": foreign, "lines": []}), 422),
        (json!({"customer": "C-00001", "number": "SO-1"}), 422),
        (json!({"customer": "C-00001", "state": "completed"}), 422),
        (json!({"customer": "C-00001", "company_id": "x"}), 422),
        (json!({"customer": "C-00001", "id": "x"}), 422),
        (json!({"customer": ["C-00001"]}), 422),
        (json!({"customer": "C-00001", "customer_po": "a\u{0}b"}), 422),
        (json!({"customer": "C-00001", "customer_po": "a\u{202e}b"}), 422),
        (json!({"customer": "C-00001", "customer_po": "x".repeat(81)}), 422),
        (json!({"customer": "C-00001", "requested_date": "2027-02-29"}), 422),
        (json!({"customer": "C-00001", "currency": "XXQ"}), 422),
        (json!({"customer": "C-00001", "lines": "none"}), 422),
        (json!({"customer": "C-00001", "lines": [{"id": 5, "sku": "SKU-00001", "qty": 1}]}), 422),
        (json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "-1"}]}), 422),
        (json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "1e309"}]}), 422),
        (json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "NaN"}]}), 422),
        (
            json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "99999999999999999999"}]}),
            422,
        ),
        (
            json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "100000000", "unit_price": "1000000000"}]}),
            422,
        ),
        (
            json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "1", "total": "0"}]}),
            422,
        ),
        (json!({"customer": "C-00001", "lines": [7]}), 422),
        (
            json!({"customer": "C-00001", "lines": [{"id": "00000000-0000-0000-0000-000000000000", "sku": "SKU-00001", "qty": "1"}]}),
            422,
        ),
        (
            json!({"customer": "C-00001", "requested_date": "2028-02-29", "customer_note": "e\u{301} \u{1f600}"}),
            201,
        ),
    ]
}

stories! {
    async fn an_order_is_made_read_changed_and_confirmed(app) {
        let api = app.program("alpha");
        let made = api.post(ORDERS, &draft()).await.expect(201).json();
        assert_eq!(made["channel"], "api");
        assert_eq!(made["lines"][1]["qty"], "1.5");
        let url = format!("{ORDERS}/{}", made["id"].as_str().unwrap());
        let read = api.get(&url).await.expect(200).json();
        assert_eq!(read, made);
        let change = json!({"version": made["version"], "customer_po": "P-1"});
        let changed = api.patch(&url, &change).await.expect(200).json();
        assert_eq!((&changed["customer_po"], changed["lines"].as_array().unwrap().len()), (&json!("P-1"), 2));
        let stale = json!({"version": made["version"], "internal_note": "merged"});
        let merged = api.patch(&url, &stale).await.expect(200).json();
        assert_eq!((&merged["customer_po"], &merged["internal_note"]), (&json!("P-1"), &json!("merged")));
        let clash = json!({"version": made["version"], "customer_po": "P-2"});
        let problem = api.patch(&url, &clash).await.expect(409);
        assert_eq!(problem.header("content-type"), "application/problem+json");
        assert_eq!(problem.json()["conflict"]["fields"][0]["theirs"], "P-1");
        assert_eq!(problem.json()["conflict"]["fields"][0]["yours"], "P-2");
        let confirmed = api.post(&format!("{url}/confirmation"), &json!({"version": merged["version"]})).await.expect(200).json();
        assert_eq!(confirmed["number"], "SO-2026-00001");
        api.post(&format!("{url}/cancellation"), &json!({})).await.expect(422);
        let cancelled = api.post(&format!("{url}/cancellation"), &json!({"reason": "duplicate"})).await.expect(200).json();
        assert_eq!((&cancelled["state"], &cancelled["number"]), (&json!("cancelled"), &json!("SO-2026-00001")));
    }

    async fn a_key_makes_a_repeated_request_one_act(app) {
        let api = app.program("alpha");
        let body = draft();
        let (one, two) = tokio::join!(api.post_once(ORDERS, &body, "k1"), api.post_once(ORDERS, &body, "k1"));
        assert_eq!(one.expect(201).json()["id"], two.expect(201).json()["id"]);
        api.post_once(ORDERS, &json!({"customer": "C-00002"}), "k1").await.expect(422);
        let theirs = app.program("beta").post_once("/api/v1/beta/main/orders", &json!({"customer": "C-00001"}), "k1").await;
        theirs.expect(201);
    }

    async fn bad_bodies_are_answered_and_change_nothing(app) {
        let api = app.program("alpha");
        for (body, status) in bodies_that_make_no_sense(app).await {
            let before = app.digest("alpha").await;
            let answer = api.post(ORDERS, &body).await;
            assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
            if status == 422 {
                assert_eq!(app.digest("alpha").await, before, "{body}");
                assert!(!answer.json()["fields"].as_object().unwrap().is_empty());
            }
        }
        for (raw, status) in [("{", 400), ("[]", 422), ("\"x\"", 422), ("", 400), ("{\"customer\":\"\\ud800\"}", 400)] {
            let answer = api.send(Method::POST, ORDERS, (Some(raw.into()), None)).await;
            assert_eq!(answer.status.as_u16(), status, "{raw}");
        }
        let large = json!({"customer": "C-00001", "customer_note": "x".repeat(3 << 20)});
        api.post(ORDERS, &large).await.expect(413);
    }

    async fn numbers_are_unique_whoever_confirms_at_once(app) {
        let api = app.program("alpha");
        // every tenth has no lines: it is refused, and must not burn a number
        let empty = json!({"customer": "C-00001"});
        let bodies: Vec<Value> = (0..500).map(|i| if i % 10 == 3 { empty.clone() } else { draft() }).collect();
        let made = futures_util::future::join_all(bodies.iter().map(|b| until_answered(&api, ORDERS, b))).await;
        let urls: Vec<String> = made.into_iter().map(|m| format!("{ORDERS}/{}/confirmation", m.expect(201).json()["id"].as_str().unwrap())).collect();
        let body = json!({});
        let all = futures_util::future::join_all(urls.iter().map(|u| until_answered(&api, u, &body))).await;
        assert_eq!(all.iter().filter(|a| a.status == 409).count(), 50);
        let mut numbers: Vec<String> = all.iter().filter(|a| a.status == 200).map(|a| a.json()["number"].as_str().unwrap().to_owned()).collect();
        numbers.sort();
        let wanted: Vec<String> = (1..=450).map(|n| format!("SO-2026-{n:05}")).collect();
        assert_eq!(numbers, wanted);
    }

    async fn numbers_dates_and_texts_come_back_exactly_or_are_refused(app) {
        let api = app.program("alpha");
        let lines = json!([
            {"name": "a", "type": "service", "qty": "1", "unit_price": "0.1"},
            {"name": "b", "type": "service", "qty": "1", "unit_price": "0.2"},
            {"name": "c", "type": "service", "qty": "1", "unit_price": "-0"},
            {"name": "d", "type": "service", "qty": "0.0001", "unit_price": "0.0001"},
        ]);
        let order = json!({"customer": "C-00001", "price_mode": "net", "requested_date": "9999-12-31", "lines": lines});
        let made = api.post(ORDERS, &order).await.expect(201).json();
        let prices: Vec<&str> = made["lines"].as_array().unwrap().iter().map(|l| l["unit_price"].as_str().unwrap()).collect();
        assert_eq!((prices, &made["totals"]["net"]), (vec!["0.1", "0.2", "0", "0.0001"], &json!("0.30")));
        assert_eq!(made["requested_date"], "9999-12-31");
        for (field, value) in [("requested_date", "10000-01-01"), ("requested_date", "2026-02-30"), ("terms_days", "-1"), ("terms_days", "99999999999999999999")] {
            api.post(ORDERS, &json!({"customer": "C-00001", field: value})).await.expect(422);
        }
        for text in ["\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "a\u{200b}b", "\u{10ffff}"] {
            let made = api.post(ORDERS, &json!({"customer": "C-00001", "customer_po": text})).await;
            assert!(made.status == 422 || made.json()["customer_po"] == text, "{text:?}: {}", made.body);
        }
        // one name in two spellings of Unicode is one name
        let customers = "/api/v1/alpha/main/customers";
        let named = |number: &str| json!({"number": number, "name": "Caf\u{e9}"});
        let first = api.post(customers, &named("\u{c9}-1")).await.expect(201).json();
        let twice = api.post(customers, &named("E\u{301}-1")).await.expect(422).json();
        assert!(twice["fields"]["number"].is_string(), "{twice}");
        assert_eq!(first["name"], "Caf\u{e9}");
        // a day that has 23 hours, and one that has 25
        for day in ["2026-03-29", "2026-10-25"] {
            api.get(&format!("{ORDERS}?from={day}&to={day}")).await.expect(200);
        }
    }

    async fn lists_are_paged_to_their_end(app) {
        let api = app.program("alpha");
        for (list, all) in [("orders", 500), ("customers", 50), ("products", 200), ("orders?sort=total", 500), ("orders?sort=-customer", 500), ("orders?sort=number", 500)] {
            let (mut seen, mut after) = (std::collections::BTreeSet::new(), None::<String>);
            loop {
                let glue = if list.contains('?') { '&' } else { '?' };
                let cursor = after.map(|a| format!("&after={}", form_urlencoded::byte_serialize(a.as_bytes()).collect::<String>()));
                let page = api.get(&format!("/api/v1/alpha/main/{list}{glue}size=25{}", cursor.unwrap_or_default())).await.expect(200).json();
                for item in page["items"].as_array().unwrap() {
                    assert!(seen.insert(item["id"].as_str().unwrap().to_owned()), "{list}: doubled");
                }
                after = page["next"].as_str().map(str::to_owned);
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), all, "{list}");
        }
    }

    async fn a_token_opens_its_own_company_only(app) {
        let alpha = app.program("alpha");
        alpha.get("/api/v1/beta/main/orders").await.expect(404);
        alpha.get("/api/v1/alpha/elsewhere/orders").await.expect(404);
        let mut nobody = app.nobody();
        nobody.get(ORDERS).await.expect(401);
        let mut clerk = app.actor("clerk", "alpha").await;
        clerk.get(ORDERS).await.expect(401);
    }

    async fn the_description_names_every_route_and_field(app) {
        let document = app.nobody().get("/api/v1/openapi.json").await.expect(200).json();
        assert_eq!(document["openapi"], "3.1.0");
        assert!(!document.to_string().contains("\",null]"), "a type is named by a string");
        assert!(document["paths"]["/api/v1/{company}/{world}/orders/{id}"]["patch"].is_object());
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["order_change"]["required"], json!(["version"]));
        assert!(schemas["order_input"]["properties"]["number"].is_null(), "a number is taken, not given");
        let keys = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let api = app.program("alpha");
        let made = api.post(ORDERS, &draft()).await.expect(201).json();
        let told = &schemas["order"]["properties"];
        assert!(keys(&made).is_subset(&keys(told)), "{made}");
        assert!(keys(&made["lines"][0]).is_subset(&keys(&told["lines"]["items"]["properties"])), "{made}");
        assert!(keys(&made["totals"]).is_subset(&keys(&told["totals"]["properties"])));
        for name in schemas["order_input"]["required"].as_array().unwrap() {
            assert!(draft()[name.as_str().unwrap()] != Value::Null, "{name} is not needed");
        }
        let line = &schemas["order_input"]["properties"]["lines"]["items"]["properties"];
        assert!(line["id"].is_object() && line["price_source"].is_null());
        let params = document["paths"]["/api/v1/{company}/{world}/orders"]["get"]["parameters"].as_array().unwrap();
        let filters = params.iter().filter(|p| p["in"] == "query").map(|p| p["name"].as_str().unwrap());
        let asked = filters.filter(|n| *n != "after").map(|n| format!("{n}={}", if n == "state" { "draft" } else { "" }));
        api.get(&format!("{ORDERS}?{}", asked.collect::<Vec<_>>().join("&"))).await.expect(200);
        let list = app.program("alpha").get("/api/v1/alpha/main/commits").await.expect(200).json();
        assert_eq!(list["items"][0]["seq"], 8);
    }

    async fn an_order_tells_what_it_adds_up_to(app) {
        let api = app.program("alpha");
        let order = json!({"customer": "C-00001", "price_mode": "net", "discounts": [{"kind": "amount", "value": "1"}], "lines": [
            {"sku": "SKU-00001", "qty": 2, "unit_price": "10.005", "tax_rate": "20"},
            {"name": "Gift wrap", "type": "service", "qty": 1, "unit_price": "5", "tax_rate": "0"},
        ]});
        let made = api.post(ORDERS, &order).await.expect(201).json();
        let totals = &made["totals"];
        // 20.01 and 5.00 less 1.00 of discount, of which 0.80 falls on the first line
        assert_eq!((&totals["net"], &totals["tax"], &totals["gross"]), (&json!("24.01"), &json!("3.84"), &json!("27.85")));
        assert_eq!(totals["lines"][0], json!({"id": made["lines"][0]["id"], "amount": "20.01"}));
        assert_eq!(totals["taxes"], json!([{"rate": "0", "net": "4.80", "tax": "0.00"}, {"rate": "20", "net": "19.21", "tax": "3.84"}]));
        let row = api.get(&format!("{ORDERS}?size=25")).await.json()["items"][0].clone();
        assert_eq!((&row["id"], &row["total"]), (&made["id"], &json!("27.85")));
    }

    async fn a_misspelt_filter_is_refused(app) {
        let api = app.program("alpha");
        for (list, wrong) in [("orders", "states=draft"), ("orders", "sort=placed&colour=red"), ("customers", "query=x"), ("products", "state=draft"), ("commits", "after=7"), ("customers", "after=nowhere"), ("orders", "sort=age"), ("orders", "size=10"), ("customers", "active=True"), ("commits", "before=abc")] {
            let answer = api.get(&format!("/api/v1/alpha/main/{list}?{wrong}")).await.expect(422).json();
            let name = wrong.rsplit('&').next().unwrap().split('=').next().unwrap();
            assert!(answer["fields"][name].is_string(), "{list}?{wrong}: {answer}");
        }
    }
}
