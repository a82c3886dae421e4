//! The history: what a clerk sees of it, and that no change behind its back goes unseen.
use crate::{
    harness::{Engine, TestApp},
    orders::new_order,
    stories,
};
use tributary::service::verify;

async fn faults(app: &TestApp) -> usize {
    verify::run(&app.ctx("alpha").await).await.unwrap().faults
}

/// Whoever owns the database can lift the walls.
pub async fn unlock(app: &TestApp) {
    let tables = ["customer_versions", "product_versions", "tax_code_versions", "order_versions"];
    let mut drops: Vec<String> = tables
        .iter()
        .flat_map(|t| {
            [drop_of(app, &format!("{t}_keep"), t), drop_of(app, &format!("{t}_close"), t)]
        })
        .collect();
    for (name, table) in [
        ("commits_keep", "commits"),
        ("commits_stay", "commits"),
        ("chains_keep", "chains"),
        ("chains_grow", "chains"),
    ] {
        drops.push(drop_of(app, name, table));
    }
    if app.database.engine == Engine::Postgres {
        let all = [
            "chains",
            "commits",
            "orders",
            "order_lines",
            "order_counts",
            "customers",
            "products",
            "tax_codes",
        ]
        .into_iter()
        .chain(tables);
        drops.extend(all.map(|t| format!("ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY")));
    }
    app.database.tamper(&drops.join(";")).await;
}

fn drop_of(app: &TestApp, name: &str, table: &str) -> String {
    if app.database.engine == Engine::Postgres {
        format!("DROP TRIGGER IF EXISTS {name} ON {table}")
    } else {
        format!("DROP TRIGGER IF EXISTS {name}")
    }
}

stories! {
    async fn the_log_is_narrowed_by_who_what_and_day(app) {
        let (mine, other) = (app.program_of("clerk", "alpha").await, app.program("alpha"));
        app.app.clock.advance(3 * 86_400);
        let mut clerk = app.actor("clerk", "alpha").await;
        let thing = |sku: &str| serde_json::json!({"sku": sku, "name": sku});
        let made = mine.post("/api/v1/alpha/main/products", &thing("L-1")).await.expect(201).json();
        other.post("/api/v1/alpha/main/products", &thing("L-2")).await.expect(201);
        let id = made["id"].as_str().unwrap();
        let gone = format!("/api/v1/alpha/main/products/{id}/deletion");
        other.post(&gone, &serde_json::json!({})).await.expect(204);
        let who = tributary::service::accounts::user_of(&app.app, "clerk@alpha.example.com").await.unwrap();
        let told = |query: String| {
            let api = app.program("alpha");
            async move {
                let found = api.get(&format!("/api/v1/alpha/main/commits?{query}")).await.expect(200).json();
                let messages = found["items"].as_array().unwrap().iter();
                messages.map(|c| c["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            }
        };
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

    async fn the_timeline_tells_who_changed_what(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "3").await;
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "4"), ("customer_po", "PO 7")]).await.expect(303);
        let page = clerk.get(&url).await.expect(200);
        let steps = page.texts("#timeline > li");
        assert_eq!(steps.len(), 2);
        assert!(steps[0].contains("Clerk ALPHA-CANARY changed 2 fields"), "{}", steps[0]);
        assert!(steps[0].contains("Line SKU-00001: quantity 3 4"), "{}", steps[0]);
        assert!(steps[0].contains("Their reference PO 7"), "{}", steps[0]);
        assert!(steps[1].contains("created this"), "{}", steps[1]);
        let activity = clerk.get("/alpha/main/commits").await.expect(200);
        assert!(activity.texts(".row-a")[0].starts_with("Changed order D-"));
    }

    async fn who_may_not_read_the_history_sees_the_record_alone(app) {
        let url = new_order(&mut app.actor("clerk", "alpha").await, "2").await;
        let mut warehouse = app.actor("warehouse", "alpha").await;
        let page = warehouse.get(&url).await.expect(200);
        assert!(page.texts("#timeline li").is_empty() && page.texts("table.tbl")[0].contains('2'));
        warehouse.get(&format!("{url}?before=9999")).await.expect(403);
    }

    async fn a_long_timeline_is_told_in_parts_that_lead_to_each_other(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "3").await;
        for n in 1..=12 {
            let po = format!("PO {n:02}");
            clerk.submit(&format!("{url}/edit"), "#order-form", &[("customer_po", po.as_str())]).await.expect(303);
        }
        let newest = clerk.get(&url).await.expect(200);
        let earlier = newest.attrs("#history a[href*='before=']", "href").remove(0);
        let oldest = clerk.get(earlier.split('#').next().unwrap()).await.expect(200);
        assert!(oldest.attrs("#history a[href*='before=']", "href").is_empty(), "nothing comes before the first");
        assert!(oldest.texts("body")[0].contains("PO 12"), "the order itself is still the one of now");
        let told: Vec<String> = [&newest, &oldest].iter().flat_map(|p| p.texts("#timeline > li")).collect();
        assert_eq!(told.len(), 13, "{told:#?}");
        for (i, step) in told[..12].iter().enumerate() {
            assert!(step.contains(&format!("PO {:02}", 12 - i)), "{step}");
        }
        assert!(told[12].contains("created this"), "{}", told[12]);
        let back = oldest.attrs("#history .card-h a", "href").remove(0);
        assert_eq!(back, format!("{url}#history"));
    }

    async fn history_cannot_be_changed_through_the_front_door(app) {
        for text in [
            "UPDATE commits SET message = 'x'", "DELETE FROM commits", "DELETE FROM order_versions",
            "UPDATE order_versions SET body = '{}'", "UPDATE order_versions SET deleted = NOT deleted",
            "UPDATE customer_versions SET to_seq = 1", "UPDATE chains SET seq = 0", "DELETE FROM chains",
        ] {
            let text = format!("{}{text}", company(app).await);
            let refused = app.database.try_tamper(&text).await.expect_err(&text);
            assert!(refused.to_string().contains("append-only"), "{text}: {refused}");
        }
        assert_eq!(faults(app).await, 0);
    }

    async fn c94_every_change_behind_the_back_is_found(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "3").await;
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "4")]).await.expect(303);
        unlock(app).await;
        assert_eq!(faults(app).await, 0);
        let one = "(SELECT id FROM order_versions WHERE from_seq = 8 LIMIT 1)";
        let changes = [
            ("UPDATE commits SET message = message || 'x' WHERE seq = 8", "UPDATE commits SET message = substr(message, 1, length(message) - 1) WHERE seq = 8"),
            ("UPDATE commits SET cause = 'x' WHERE seq = 8", "UPDATE commits SET cause = 'create' WHERE seq = 8"),
            ("UPDATE commits SET author_kind = 'system' WHERE seq = 8", "UPDATE commits SET author_kind = 'user' WHERE seq = 8"),
            ("UPDATE commits SET records = 2 WHERE seq = 8", "UPDATE commits SET records = 1 WHERE seq = 8"),
            ("UPDATE commits SET parent_seq = NULL WHERE seq = 8", "UPDATE commits SET parent_seq = 7 WHERE seq = 8"),
            ("UPDATE commits SET merged_seq = 1 WHERE seq = 8", "UPDATE commits SET merged_seq = NULL WHERE seq = 8"),
            ("UPDATE commits SET branch_id = 1 WHERE seq = 8", "UPDATE commits SET branch_id = 0 WHERE seq = 8"),
            ("UPDATE order_versions SET body = replace(body, '\"qty\":\"3\"', '\"qty\":\"2\"') WHERE from_seq = 8", "UPDATE order_versions SET body = replace(body, '\"qty\":\"2\"', '\"qty\":\"3\"') WHERE from_seq = 8"),
            ("UPDATE order_versions SET gross = gross + 1, net = net + 1 WHERE from_seq = 8", "UPDATE order_versions SET gross = gross - 1, net = net - 1 WHERE from_seq = 8"),
            ("UPDATE order_versions SET customer_name = customer_name || 'x' WHERE from_seq = 8", "UPDATE order_versions SET customer_name = substr(customer_name, 1, length(customer_name) - 1) WHERE from_seq = 8"),
            ("UPDATE order_versions SET state = 'cancelled' WHERE from_seq = 8", "UPDATE order_versions SET state = 'draft' WHERE from_seq = 8"),
            ("UPDATE order_versions SET to_seq = 99 WHERE from_seq = 8", "UPDATE order_versions SET to_seq = 9 WHERE from_seq = 8"),
            ("UPDATE order_versions SET deleted = NOT deleted WHERE from_seq = 8", "UPDATE order_versions SET deleted = NOT deleted WHERE from_seq = 8"),
            ("UPDATE order_versions SET schema_rev = 2 WHERE from_seq = 8", "UPDATE order_versions SET schema_rev = 1 WHERE from_seq = 8"),
            ("UPDATE orders SET gross = gross + 1, net = net + 1 WHERE id = ID", "UPDATE orders SET gross = gross - 1, net = net - 1 WHERE id = ID"),
            ("UPDATE orders SET title = title || 'x' WHERE id = ID", "UPDATE orders SET title = substr(title, 1, length(title) - 1) WHERE id = ID"),
            ("UPDATE orders SET from_seq = 8 WHERE id = ID", "UPDATE orders SET from_seq = 9 WHERE id = ID"),
            ("UPDATE order_lines SET qty = qty + 1 WHERE order_id = ID", "UPDATE order_lines SET qty = qty - 1 WHERE order_id = ID"),
            ("UPDATE order_lines SET name = 'x' || name WHERE order_id = ID", "UPDATE order_lines SET name = substr(name, 2) WHERE order_id = ID"),
            ("UPDATE order_counts SET orders = orders + 1 WHERE state = 'draft'", "UPDATE order_counts SET orders = orders - 1 WHERE state = 'draft'"),
            ("UPDATE customers SET name = 'x' || name", "UPDATE customers SET name = substr(name, 2)"),
            ("UPDATE order_lines SET position = position + 1 WHERE order_id = ID", "UPDATE order_lines SET position = position - 1 WHERE order_id = ID"),
            ("UPDATE order_counts SET gross = gross + 1 WHERE state = 'draft'", "UPDATE order_counts SET gross = gross - 1 WHERE state = 'draft'"),
            ("UPDATE products SET active = NOT active", "UPDATE products SET active = NOT active"),
            ("UPDATE tax_codes SET code = 'x' || code, code_key = 'x' || code_key", "UPDATE tax_codes SET code = substr(code, 2), code_key = substr(code_key, 2)"),
            ("UPDATE chains SET seq = seq + 1", "UPDATE chains SET seq = seq - 1"),
        ];
        assert!(changes.len() >= 25);
        for (change, back) in changes {
            app.database.tamper(&change.replace("ID", one)).await;
            assert!(faults(app).await > 0, "not found: {change}");
            app.database.tamper(&back.replace("ID", one)).await;
            assert_eq!(faults(app).await, 0, "not put back: {back}");
        }
    }

    async fn c95_a_cut_tail_differs_from_a_digest_kept_elsewhere(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let first = app.digest("alpha").await;
        new_order(&mut clerk, "3").await;
        let second = app.digest("alpha").await;
        assert_ne!(first, second);
        assert!(first.starts_with("7:") && second.starts_with("8:"));
        let report = verify::run(&app.ctx("alpha").await).await.unwrap();
        assert_eq!(report.digest, second);
    }
}

/// On PostgreSQL the owner too sees rows only with a company named.
pub async fn company(app: &TestApp) -> String {
    if app.database.engine == Engine::Sqlite {
        return String::new();
    }
    format!("SET tributary.company = '{}';", app.ctx("alpha").await.company.id)
}
