//! People at work at once: nothing is lost, nothing lands elsewhere, nobody gets more than theirs.
use crate::{
    branches::{edit, get},
    harness::{Actor, Engine, TestApp},
    merges::order,
    orders::new_order,
    stories,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tributary::{
    domain::{customer::Customer, order::Order, product::Product},
    store::{kinds::Stored, versions},
};
use uuid::Uuid;

/// A small generator, so that every run is the same.
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// What may be edited, each with a form, two fields and how a field is read back.
const EDITABLE: [(&str, &str, [&str; 2]); 3] = [
    ("orders", "#order-form", ["customer_po", "internal_note"]),
    ("customers", "#record-form", ["phone", "note"]),
    ("products", "#record-form", ["barcode", "description"]),
];

async fn first(app: &TestApp, kind: &str) -> String {
    let list = app.program("alpha").get(&format!("/api/v1/alpha/main/{kind}")).await.json();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn read(app: &TestApp, kind: &str, id: &str) -> Value {
    app.program("alpha").get(&format!("/api/v1/alpha/main/{kind}/{id}")).await.expect(200).json()
}

/// Opens a form and gives what would be sent with one field changed.
async fn opened(
    who: &mut Actor,
    url: &str,
    form: &str,
    change: (&str, &str),
) -> Vec<(String, String)> {
    let page = who.get(&format!("{url}/edit")).await.expect(200);
    crate::harness::changed(page.form(form), &[change])
}

/// A form's hidden extras that no clerk is shown.
const FOREIGN: [&str; 24] = [
    "id",
    "company_id",
    "company",
    "branch_id",
    "seq",
    "from_seq",
    "to_seq",
    "version",
    "number",
    "title",
    "state",
    "status",
    "net",
    "tax",
    "gross",
    "total",
    "currency",
    "rules",
    "channel",
    "source",
    "external_ref",
    "created_by",
    "approved_by",
    "role",
];

/// The fields of the body that differ.
fn differing(a: &Value, b: &Value) -> BTreeSet<String> {
    let (a, b) = (a.as_object().unwrap(), b.as_object().unwrap());
    let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    keys.into_iter().filter(|k| a.get(*k) != b.get(*k)).cloned().collect()
}

async fn remember<R: Stored>(
    app: &TestApp,
    ids: &[Uuid],
    into: &mut BTreeMap<(Uuid, i64), String>,
) {
    let ctx = app.ctx("alpha").await;
    let mut tx = ctx.read().await.unwrap();
    let (seq, ..) = tributary::store::commits::head(&mut tx, &ctx.scope).await.unwrap();
    for id in ids {
        let now = versions::current::<R>(&mut tx, &ctx.scope, *id).await.unwrap();
        into.insert((*id, seq), now.map_or_else(String::new, |v| v.body));
    }
}

stories! {
    async fn a_price_is_saved_in_the_currency_that_it_was_typed_for(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let seen = get(&api, &url).await;
        edit(&api, &url, json!({"currency": "EUR"})).await;
        let lines = json!([{"id": seen["lines"][0]["id"], "unit_price": "12"}, {"id": seen["lines"][1]["id"]}]);
        let body = json!({"version": seen["version"], "lines": lines});
        let said = api.patch(&format!("/api/v1{url}"), &body).await.expect(409).json();
        assert!(said.to_string().contains("urrency"), "{said}");
        let now = get(&api, &url).await;
        assert_eq!((&now["currency"], &now["lines"][0]["unit_price"]), (&json!("EUR"), &seen["lines"][0]["unit_price"]));
    }

    async fn c100_of_two_who_change_one_field_one_is_told_and_both_keep_their_work(app) {
        let (mut ann, mut bob) = (app.actor("lead", "alpha").await, app.actor("admin", "alpha").await);
        let mut dice = Dice(11);
        let order = new_order(&mut ann, "1").await.rsplit('/').next().unwrap().to_owned();
        let ids = [order, first(app, "customers").await, first(app, "products").await];
        for round in 0..200 {
            let which = dice.below(EDITABLE.len());
            let (kind, form, [field, other]) = EDITABLE[which];
            let url = format!("/alpha/main/{kind}/{}", ids[which]);
            let (one, two) = (format!("a{round}"), format!("b{round}"));
            let ann_sends = opened(&mut ann, &url, form, (field, &one)).await;
            let mut bob_sends = opened(&mut bob, &url, form, (field, &two)).await;
            bob_sends = crate::harness::changed(bob_sends, &[(other, &two)]);
            let (first, second) = match dice.below(3) {
                0 => { let a = ann.post(&url, &ann_sends).await; (a, bob.post(&url, &bob_sends).await) }
                1 => { let b = bob.post(&url, &bob_sends).await; (b, ann.post(&url, &ann_sends).await) }
                _ => tokio::join!(ann.post(&url, &ann_sends), bob.post(&url, &bob_sends)),
            };
            let mut all = [first.status.as_u16(), second.status.as_u16()];
            all.sort_unstable();
            assert_eq!(all, [303, 409], "round {round} {kind}");
            let refused = if first.status == 409 { first } else { second };
            assert!(refused.body.contains(&one) && refused.body.contains(&two), "both values are shown: {kind}");
            ann.post(&url, &refused.form(form)).await.expect(303);
            let now = read(app, kind, &ids[which]).await;
            assert_eq!(now[other], two.as_str(), "round {round}: the other field of {kind} is kept");
            assert!(now[field] == one.as_str() || now[field] == two.as_str());
        }
    }

    async fn a_form_changes_what_it_shows_and_nothing_else(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let order = new_order(&mut clerk, "1").await;
        let ids = [order.rsplit('/').next().unwrap().to_owned(), first(app, "customers").await, first(app, "products").await];
        let stranger = first(app, "tax-codes").await;
        for ((kind, form, [field, _]), id) in EDITABLE.iter().zip(&ids) {
            let url = format!("/alpha/main/{kind}/{id}");
            for name in FOREIGN {
                // a form that offers the field may change it
                let page = clerk.get(&format!("{url}/edit")).await.expect(200);
                if page.form(form).iter().any(|(n, _)| n == name) {
                    continue;
                }
                let before = read(app, kind, id).await;
                let typed = format!("with {name}");
                let fields = crate::harness::changed(page.form(form), &[(field, typed.as_str()), (name, stranger.as_str())]);
                let answer = clerk.post(&url, &fields).await;
                let changed = differing(&before, &read(app, kind, id).await);
                let allowed = match answer.status.as_u16() {
                    303 => BTreeSet::from([(*field).to_owned(), "version".to_owned()]),
                    422 => BTreeSet::new(),
                    other => panic!("{kind} with {name}: {other}"),
                };
                assert_eq!(changed, allowed, "{kind} with {name}");
                let patch = json!({"version": before["version"], name: stranger});
                let patch = app.program("alpha").patch(&format!("/api/v1{url}"), &patch).await;
                let harmless = name == "version";
                assert!(harmless || patch.status == 422, "API {kind} with {name}: {}", patch.status);
            }
        }
    }

    async fn a_session_has_nothing_that_requests_could_lose(app) {
        let clerk = app.actor("clerk", "alpha").await;
        let data = "SELECT data FROM sessions";
        let ctx_before = app.app.db.read_accounts().await.unwrap().sql(data).all::<(Vec<u8>,)>().await.unwrap();
        app.app.clock.advance(120);
        let urls = ["/alpha/main", "/alpha/main/orders", "/alpha/main/orders?state=draft", "/account", "/alpha/main/customers"];
        let asked = (0..50).map(|i| { let mut c = clerk.clone(); async move { c.get(urls[i % urls.len()]).await } });
        for answer in futures_util::future::join_all(asked).await {
            answer.expect(200);
        }
        let after = app.app.db.read_accounts().await.unwrap().sql(data).all::<(Vec<u8>,)>().await.unwrap();
        assert_eq!(ctx_before, after, "a session is who and since when, nothing that pages write");
    }

    async fn a_tab_writes_where_its_form_came_from(app) {
        let mut platform = app.platform().await; // a member of both companies
        let url = new_order(&mut platform, "1").await;
        let beta = app.digest("beta").await;
        let form = opened(&mut platform, &url, "#order-form", ("customer_po", "tab 1")).await;
        let mut other_tab = platform.clone();
        other_tab.get("/beta/main/orders/new").await.expect(200);
        other_tab.get("/beta/main").await.expect(200);
        platform.post(&url, &form).await.expect(303);
        let id = url.rsplit('/').next().unwrap();
        assert_eq!(read(app, "orders", id).await["customer_po"], "tab 1");
        assert_eq!(app.digest("beta").await, beta);
        let there = url.replace("/alpha/", "/beta/");
        platform.post(&there, &form).await.expect(404);
        assert_eq!(app.digest("beta").await, beta);
    }

    async fn a_connection_forgets_its_company(app) {
        let (alpha, beta) = (app.actor("clerk", "alpha").await, app.actor("clerk", "beta").await);
        let mut dice = Dice(5);
        for round in 0..1000 {
            let (who, slug, foreign) = if round % 2 == 0 { (&alpha, "alpha", "BETA-CANARY") } else { (&beta, "beta", "ALPHA-CANARY") };
            let mut who = who.clone();
            let url = format!("/{slug}/main/orders");
            if dice.below(10) < 3 {
                let limit = std::time::Duration::from_micros(u64::try_from(dice.below(3000)).unwrap());
                let _ = tokio::time::timeout(limit, who.get(&url)).await;
                continue;
            }
            let answer = who.get(&url).await.expect(200);
            assert!(!answer.body.contains(foreign), "round {round}");
        }
        if app.database.engine == Engine::Postgres {
            let mut tx = app.app.db.read_accounts().await.unwrap();
            let left: String = tx.sql("SELECT COALESCE(current_setting('tributary.company', true), '')").value().await.unwrap();
            assert_eq!(left, "");
            let open = app.database.ask("SELECT CAST(COUNT(*) AS TEXT) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid() AND xact_start < now() - interval '2 seconds'").await;
            assert_eq!(open, ["0"]);
        }
    }

    async fn every_past_state_can_be_had_again(app) {
        let mut lead = app.actor("lead", "alpha").await;
        let mut dice = Dice(3);
        let orders = [new_order(&mut lead, "1").await, new_order(&mut lead, "2").await];
        let order_ids: Vec<Uuid> = orders.iter().map(|u| u.rsplit('/').next().unwrap().parse().unwrap()).collect();
        let customer: Uuid = first(app, "customers").await.parse().unwrap();
        let product: Uuid = first(app, "products").await.parse().unwrap();
        let mut seen = BTreeMap::new();
        for step in 0..40 {
            let text = format!("step {step}");
            let url = match dice.below(6) {
                0 => format!("/alpha/main/customers/{customer}"),
                1 => format!("/alpha/main/products/{product}"),
                n => orders[n % 2].clone(),
            };
            let (form, field) = if url.contains("orders") { ("#order-form", "customer_po") } else if url.contains("customers") { ("#record-form", "phone") } else { ("#record-form", "barcode") };
            lead.submit(&format!("{url}/edit"), form, &[(field, &text)]).await.expect(303);
            if step == 20 {
                lead.post::<&str, &str>(&format!("{}/confirmation", orders[0]), &[]).await.expect(303);
            }
            remember::<Order>(app, &order_ids, &mut seen).await;
            remember::<Customer>(app, &[customer], &mut seen).await;
            remember::<Product>(app, &[product], &mut seen).await;
        }
        let ctx = app.ctx("alpha").await;
        let mut tx = ctx.read().await.unwrap();
        for ((id, seq), body) in &seen {
            let found = if order_ids.contains(id) {
                versions::at::<Order>(&mut tx, &ctx.scope, *id, *seq).await
            } else if *id == customer {
                versions::at::<Customer>(&mut tx, &ctx.scope, *id, *seq).await
            } else {
                versions::at::<Product>(&mut tx, &ctx.scope, *id, *seq).await
            };
            assert_eq!(&found.unwrap().unwrap().body, body, "{id} at {seq}");
        }
        assert!(seen.len() > 150);
    }

    async fn c12_no_earlier_change_appears_after_a_later_one(app) {
        let api = app.program("alpha");
        let writes = (0..8).map(|who| {
            let api = &api;
            async move {
                for n in 0..10 {
                    let thing = json!({"sku": format!("W{who}-{n}"), "name": "x"});
                    api.post("/api/v1/alpha/main/products", &thing).await.expect(201);
                }
            }
        });
        let reads = async {
            let mut last = 0;
            for _ in 0..60 {
                let log = api.get("/api/v1/alpha/main/commits").await.expect(200).json();
                let seqs: Vec<i64> = log["items"].as_array().unwrap().iter().map(|c| c["seq"].as_i64().unwrap()).collect();
                let dense: Vec<i64> = (0..seqs.len()).map(|i| seqs[0] - i64::try_from(i).unwrap()).collect();
                assert_eq!(seqs, dense, "each number that is seen has all before it");
                assert!(seqs[0] >= last);
                last = seqs[0];
            }
            last
        };
        let (last, _) = tokio::join!(reads, futures_util::future::join_all(writes));
        assert!(last > 0);
        let log = api.get("/api/v1/alpha/main/commits").await.json();
        assert!(log["items"][0]["seq"].as_i64().unwrap() >= 87);
    }

    async fn c100_two_who_change_other_fields_of_one_form_both_hold(app) {
        let (mut ann, mut bob) = (app.actor("lead", "alpha").await, app.actor("admin", "alpha").await);
        let url = new_order(&mut ann, "1").await;
        let first = opened(&mut ann, &url, "#order-form", ("customer_po", "a")).await;
        let second = opened(&mut bob, &url, "#order-form", ("contact", "b")).await;
        ann.post(&url, &first).await.expect(303);
        bob.post(&url, &second).await.expect(303);
        let now = read(app, "orders", url.rsplit('/').next().unwrap()).await;
        assert_eq!((&now["customer_po"], &now["contact"]), (&json!("a"), &json!("b")));
    }
}
