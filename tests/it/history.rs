//! The history: what a clerk sees of it, and that no change behind its back goes unseen.
use crate::{
    harness::{Engine, TestApp},
    orders::new_order,
    stories,
};
use tributary::service::{
    digests::{self, Keeper},
    verify,
};

async fn faults(app: &TestApp) -> usize {
    verify::run(&app.ctx("alpha").await).await.unwrap().faults
}

/// Whoever owns the database can lift the walls.
pub async fn unlock(app: &TestApp) {
    let kinds = ["customer", "product", "tax_code", "order"];
    let tables = kinds.iter().flat_map(|k| [format!("{k}_versions"), format!("{k}_bodies")]);
    let tables: Vec<String> = tables.collect();
    let walls = ["keep", "close", "stay"];
    let each = tables.iter().flat_map(|t| walls.map(|w| drop_of(app, &format!("{t}_{w}"), t)));
    let mut drops: Vec<String> = each.collect();
    for (name, table) in [
        ("commits_keep", "commits"),
        ("commits_stay", "commits"),
        ("chains_keep", "chains"),
        ("chains_grow", "chains"),
        ("branch_bases_keep", "branch_bases"),
    ] {
        drops.push(drop_of(app, name, table));
    }
    if app.database.engine == Engine::Postgres {
        let all = [
            "chains",
            "commits",
            "branches",
            "branch_bases",
            "orders",
            "order_lines",
            "order_counts",
            "customers",
            "products",
            "tax_codes",
        ]
        .into_iter()
        .chain(tables.iter().map(String::as_str));
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
            "UPDATE order_bodies SET body = '{}'", "UPDATE order_bodies SET body = 'null'", "DELETE FROM order_bodies",
            "UPDATE order_versions SET body_seq = body_seq - 1, to_seq = 99 WHERE to_seq IS NULL", "UPDATE order_versions SET deleted = NOT deleted",
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
            ("UPDATE order_bodies SET body = replace(body, '\"qty\":\"3\"', '\"qty\":\"2\"') WHERE seq = 8", "UPDATE order_bodies SET body = replace(body, '\"qty\":\"2\"', '\"qty\":\"3\"') WHERE seq = 8"),
            ("UPDATE order_versions SET body_seq = 9 WHERE from_seq = 8", "UPDATE order_versions SET body_seq = 8 WHERE from_seq = 8"),
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

    async fn c99_a_proof_is_checked_without_the_database(app) {
        let (mut clerk, api) = (app.actor("clerk", "alpha").await, app.program("alpha"));
        // among others of one commit, with commits after it
        let list = api.get("/api/v1/alpha/main/customers?size=25").await.json();
        let seeded = list["items"][3]["id"].as_str().unwrap().to_owned();
        let seeded = api.get(&format!("/api/v1/alpha/main/customers/{seeded}")).await.json();
        let url = new_order(&mut clerk, "3").await;
        let seq = api.get(&format!("/api/v1{url}")).await.json()["version"].as_i64().unwrap();
        new_order(&mut clerk, "1").await;
        let digest = app.digest("alpha").await;
        let folder = tempfile::tempdir().unwrap();
        let check = |proof: &str, digest: &str| {
            let file = folder.path().join("proof.json");
            std::fs::write(&file, proof).unwrap();
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-proof");
            std::process::Command::new("python3").arg(script).arg(&file).arg(digest).output().unwrap().status.success()
        };
        let id = url.rsplit('/').next().unwrap();
        let page = clerk.get(&format!("/alpha/main/commits/{seq}")).await.expect(200);
        let link = page.attrs("a[download]", "href").remove(0);
        assert_eq!(link, format!("/alpha/main/commits/{seq}/proof/order/{id}"));
        let proof = clerk.get(&link).await.expect(200).body;
        assert!(check(&proof, &digest));
        assert_eq!(api.get(&format!("/api/v1{link}")).await.expect(200).body, proof);
        // of any other thing it is no proof
        let value: serde_json::Value = serde_json::from_str(&proof).unwrap();
        let body = value["version"]["body"].as_str().unwrap();
        let mut changes = vec![("/version/body", body.replace("\"qty\":\"3\"", "\"qty\":\"4\"").into())];
        changes.push(("/version/deleted", true.into()));
        changes.push(("/version/deleted", "0".into()));
        changes.push(("/commits", serde_json::json!([])));
        changes.push(("/version/schema_rev", 2.into()));
        changes.push(("/commits/0/author", serde_json::Value::Null));
        changes.push(("/commits/0/at", 1.into()));
        changes.push(("/commits/1/branch", 1.into()));
        changes.push(("/prev", "00".repeat(32).into()));
        for (at, other) in changes {
            let mut altered = value.clone();
            assert_ne!(altered.pointer(at), Some(&other));
            *altered.pointer_mut(at).unwrap() = other;
            assert!(!check(&altered.to_string(), &digest), "{at}");
        }
        assert!(!check(&proof, &digest.replace(':', ":0")));
        // up to an earlier digest, and of a record among many
        let (customer, first) = (seeded["id"].as_str().unwrap(), seeded["version"].as_i64().unwrap());
        let link = format!("/api/v1/alpha/main/commits/{first}/proof/customer/{customer}");
        let proof = api.get(&format!("{link}?to={seq}")).await.expect(200).json();
        assert!(proof["path"].as_array().unwrap().len() > 3);
        assert!(check(&proof.to_string(), proof["digest"].as_str().unwrap()));
        assert!(!check(&proof.to_string(), &digest));
        api.get(&format!("{link}?to=x")).await.expect(422);
        api.get(&format!("{link}?to=0")).await.expect(422);
        api.get(&format!("{link}?to=9999")).await.expect(422);
        // past a private branch it leads those who see that
        let secret = serde_json::json!({"name": "Secret", "visibility": "private"});
        api.post("/api/v1/alpha/main/branches", &secret).await.expect(201);
        let far = api.get(&link).await.expect(200).json();
        assert_eq!(far["digest"].as_str().unwrap(), app.digest("alpha").await);
        let near = app.program_of("viewer", "alpha").await.get(&link).await.expect(200).json();
        assert_eq!(near["commits"].as_array().unwrap().len(), far["commits"].as_array().unwrap().len() - 1);
        assert!(check(&near.to_string(), near["digest"].as_str().unwrap()));
        let to = far["commits"].as_array().unwrap().last().unwrap()["seq"].clone();
        app.program_of("viewer", "alpha").await.get(&format!("{link}?to={to}")).await.expect(422);
        api.get(&link.replace(customer, id)).await.expect(404);
        app.program("beta").get(&link.replace("alpha", "beta")).await.expect(404);
    }

    async fn c95_a_tail_that_was_cut_off_is_missed_by_the_digests_kept_elsewhere(app) {
        let api = app.program("alpha");
        let folder = tempfile::tempdir().unwrap();
        let (kept, key) = (folder.path().join("kept"), folder.path().join("key"));
        let keeper = Keeper::open(&app.app, &kept, &key).unwrap();
        let lines = || ["alpha", "beta"].map(|c| std::fs::read_to_string(kept.join(format!("{c}.digests"))).unwrap().lines().count());
        for _ in 0..2 {
            keeper.keep_all(&app.app).await.unwrap();
            assert_eq!(lines(), [1, 1], "one for each, and none if nothing has moved");
        }
        let before: i64 = app.digest("alpha").await.split(':').next().unwrap().parse().unwrap();
        for n in 0..10 {
            let body = serde_json::json!({"name": format!("Branch {n}"), "visibility": "company"});
            api.post("/api/v1/alpha/main/branches", &body).await.expect(201);
        }
        app.app.clock.advance(3600);
        // the key is the one that was made
        Keeper::open(&app.app, &kept, &key).unwrap().keep(&app.ctx("alpha").await).await.unwrap();
        assert_eq!(lines(), [2, 1]);
        assert!(Keeper::open(&app.app, &kept, &folder.path().join("other")).is_err(), "no second key");
        let compared = || async { digests::compare(&app.ctx("alpha").await, (&kept, &key)).await.unwrap() };
        assert_eq!(compared().await, (2, vec![]));
        // the last ten commits go, and the chain says that there were none
        unlock(app).await;
        let company = company(app).await;
        let back = format!("SELECT seq, hash, at FROM commits WHERE seq = {before} AND company_id = chains.company_id");
        let set = |column: &str| format!("{column} = (SELECT {column} FROM ({back}) t)");
        let ours = "company_id = (SELECT id FROM companies WHERE slug = 'alpha')";
        for text in [
            "DELETE FROM branch_bases".to_owned(), "DELETE FROM branches".to_owned(),
            format!("DELETE FROM commits WHERE seq > {before} AND {ours}"),
            format!("UPDATE chains SET {}, {}, {} WHERE {ours}", set("hash"), set("at"), set("seq")),
        ] {
            app.database.tamper(&format!("{company}{text}")).await;
        }
        assert_eq!(faults(app).await, 0, "by itself it agrees");
        let (n, found) = compared().await;
        assert!(n == 2 && found.len() == 1 && found[0].contains("which is gone"), "{found:?}");
        // other commits in their place are found too, and a digest that nobody signed
        api.post("/api/v1/alpha/main/products", &serde_json::json!({"sku": "A-1", "name": "x"})).await.expect(201);
        let file = kept.join("alpha.digests");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str(&text.lines().next().unwrap().replacen(&format!("{before}:"), &format!("{}:", before + 1), 1));
        std::fs::write(&file, text).unwrap();
        let (_, found) = compared().await;
        assert!(found.len() == 2 && found[1].contains("was not signed"), "{found:?}");
        std::fs::write(&file, "half a li").unwrap();
        assert!(compared().await.1[0].contains("is no digest"));
    }

    async fn a_quick_verification_looks_at_what_came_since(app) {
        let api = app.program("alpha");
        let thing = |n: usize| serde_json::json!({"sku": format!("Q-{n}"), "name": "x"});
        for n in 0..3 {
            api.post("/api/v1/alpha/main/products", &thing(n)).await.expect(201);
        }
        let ctx = app.ctx("alpha").await;
        let (mut told, whole) = (vec![], verify::Scale::default());
        let report = verify::scaled(&ctx, &whole, &mut |digest| { told.push(digest.to_owned()); Ok(()) }).await.unwrap();
        assert_eq!((report.faults, told.last()), (0, Some(&report.digest)));
        let all = report.commits;
        api.post("/api/v1/alpha/main/products", &thing(3)).await.expect(201);
        let since = |quick| verify::Scale { since: told.last().cloned(), quick };
        let looked = |scale: verify::Scale| { let ctx = ctx.clone(); async move { verify::scaled(&ctx, &scale, &mut |_| Ok(())).await.unwrap() } };
        let quick = looked(since(true)).await;
        assert_eq!((quick.faults, quick.commits, quick.versions, quick.heads), (0, 1, 1, 0));
        let rest = looked(since(false)).await;
        assert!(rest.faults == 0 && rest.commits == 1 && rest.heads > 10, "{rest:?}");
        // it finds what was done to the commits since, and to the digest, the whole finds the rest too
        unlock(app).await;
        let company = company(app).await;
        let last = format!("WHERE seq = {}", all + 1);
        let old = format!("WHERE seq = {all}");
        for (place, quick) in [(last, true), (old, false)] {
            app.database.tamper(&format!("{company}UPDATE product_bodies SET body = replace(body, '\"x\"', '\"y\"') {place}")).await;
            assert_eq!((looked(since(true)).await.faults > 0, faults(app).await > 0), (quick, true));
            app.database.tamper(&format!("{company}UPDATE product_bodies SET body = replace(body, '\"y\"', '\"x\"') {place}")).await;
        }
        let other = verify::Scale { since: Some(told.last().unwrap().replace(':', ":00")), quick: true };
        assert!(verify::scaled(&ctx, &other, &mut |_| Ok(())).await.is_err());
        let mut wrong = told.last().unwrap().clone();
        wrong.replace_range(wrong.len() - 1.., if wrong.ends_with('0') { "1" } else { "0" });
        let other = looked(verify::Scale { since: Some(wrong), quick: true }).await;
        assert!(other.found[0].contains("written anew") && other.commits == all + 1, "{other:?}");
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
