//! Branches: what they show, what is written to them, who sees them.
use crate::{
    harness::{Actor, Program, Statements},
    merges::{LISTS, state, sync},
    orders::new_order,
    stories,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Opens a branch that the whole company sees and gives its slug.
pub async fn open(actor: &mut Actor, name: &str) -> String {
    open_as(actor, (name, "company")).await
}

async fn open_as(actor: &mut Actor, (name, visibility): (&str, &str)) -> String {
    let fields = [("name", name), ("visibility", visibility)];
    let answer = actor.submit("/alpha/main/branches/new", "#branch-form", &fields).await;
    let to = answer.expect(303).header("location").to_owned();
    to.split('/').nth(2).unwrap().to_owned()
}

/// A record's page or resource in another world.
pub fn within(url: &str, world: &str) -> String {
    url.replacen("/main/", &format!("/{world}/"), 1)
}

/// Every record of a list, page by page.
pub async fn all(api: &Program, world: &str, list: &str) -> Vec<Value> {
    let (mut out, mut after) = (vec![], String::new());
    let mark = if list.contains('?') { '&' } else { '?' };
    loop {
        let url = format!("/api/v1/alpha/{world}/{list}{mark}size=25{after}");
        let page = api.get(&url).await.expect(200).json();
        out.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return out };
        let text: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        after = format!("&after={text}");
    }
}

pub async fn get(api: &Program, url: &str) -> Value {
    api.get(&format!("/api/v1{url}")).await.expect(200).json()
}

/// Changes some fields of a record, on the version that is there.
pub async fn edit(api: &Program, url: &str, fields: Value) {
    let mut body = fields;
    body["version"] = get(api, url).await["version"].clone();
    api.patch(&format!("/api/v1{url}"), &body).await.expect(200);
}

stories! {
    async fn c01_a_new_branch_is_main_at_its_base(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let main = state(&api, "main").await;
        let b = open(&mut clerk, "Try").await;
        assert!(state(&api, &b).await == main);
        for (records, list) in main.iter().zip(LISTS) {
            for one in records {
                let path = format!("/alpha/main/{list}/{}", one["id"].as_str().unwrap());
                assert!(get(&api, &path).await == get(&api, &within(&path, &b)).await);
            }
            // how many there are, of all and of some
            for some in ["", "?state=draft", "?q=sku"] {
                let at = format!("/alpha/main/{list}{some}");
                let (here, there) = (clerk.get(&at).await.expect(200), clerk.get(&within(&at, &b)).await.expect(200));
                let counts = [&here, &there].map(|page| (page.texts("nav [role=status]"), page.texts(".tabs .n")));
                assert!(!counts[0].0.is_empty());
                assert_eq!(counts[0], counts[1], "{at}");
            }
        }
        let export = clerk.get("/alpha/main/orders/export.csv").await.expect(200).body;
        // whatever main does from then on
        let url = new_order(&mut clerk, "3").await;
        edit(&api, &url, json!({"customer_po": "moved"})).await;
        assert!(state(&api, "main").await != main && state(&api, &b).await == main);
        assert!(clerk.get(&format!("/alpha/{b}/orders/export.csv")).await.expect(200).body == export);
    }

    async fn c02_main_moves_on_and_the_branch_does_not(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "3").await;
        let b = open(&mut clerk, "Try").await;
        let before = get(&api, &within(&url, &b)).await;
        edit(&api, &url, json!({"customer_po": "moved"})).await;
        assert_eq!(get(&api, &within(&url, &b)).await, before);
        assert_eq!(get(&api, &url).await["customer_po"], "moved");
        let page = clerk.get(&format!("/alpha/main/branches/{b}")).await.expect(200);
        assert!(page.texts("main p")[0].contains("1 behind main"), "{:?}", page.texts("main p"));
        // every page of it says so, and leads on
        let strip = async |clerk: &mut Actor| clerk.get(&within(&url, &b)).await.expect(200);
        let shown = strip(&mut clerk).await;
        let said = shown.texts(".strip p")[0].clone();
        assert!(said.contains("Main as of today ") && said.ends_with(", 1 change behind."), "{said}");
        assert_eq!(shown.texts(".strip a"), ["Bring in main", "Changes and merge", "Leave"]);
        sync(&api, &b).await.unwrap();
        let shown = strip(&mut clerk).await;
        assert!(!shown.texts(".strip p")[0].contains("behind"), "{:?}", shown.texts(".strip p"));
        assert_eq!(shown.texts(".strip a"), ["Changes and merge", "Leave"]);
    }

    async fn c03_a_branch_is_seen_by_itself_alone(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "3").await;
        let (b, c) = (open(&mut clerk, "One").await, open(&mut clerk, "Two").await);
        let before = state(&app.program("alpha"), "main").await;
        edit(&api, &within(&url, &b), json!({"customer_po": "on b"})).await;
        assert_eq!(get(&api, &within(&url, &b)).await["customer_po"], "on b");
        for world in ["main", c.as_str()] {
            assert!(get(&api, &within(&url, world)).await["customer_po"].is_null());
            assert!(state(&app.program("alpha"), world).await == before, "{world}");
        }
    }

    async fn c05_what_a_branch_made_is_not_on_main(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let b = open(&mut clerk, "Try").await;
        let fields = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "2")];
        let new = format!("/alpha/{b}/orders/new");
        let made = clerk.submit(&new, "#order-form", &fields).await.expect(303);
        let url = made.header("location").to_owned();
        assert!(url.starts_with(&format!("/alpha/{b}/orders/")), "{url}");
        clerk.get(&url).await.expect(200);
        clerk.get(&url.replace(&b, "main")).await.expect(404);
        // confirmed on a branch it has no number yet
        clerk.post(&format!("{url}/confirmation"), &[("_version", "")]).await.expect(303);
        let order = get(&app.program("alpha"), &url).await;
        assert_eq!((&order["state"], &order["number"]), (&json!("confirmed"), &Value::Null));
    }

    async fn c06_c07_every_list_of_a_branch_is_that_of_its_records(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let urls = [new_order(&mut clerk, "3").await, new_order(&mut clerk, "4").await, new_order(&mut clerk, "5").await];
        let b = open(&mut clerk, "Try").await;
        edit(&api, &urls[0], json!({"customer_po": "later on main"})).await;
        new_order(&mut clerk, "7").await;
        let own: Vec<String> = urls.iter().map(|u| within(u, &b)).collect();
        clerk.post(&format!("{}/confirmation", own[0]), &[("_version", "")]).await.expect(303);
        clerk.post(&format!("{}/deletion", own[1]), &[("_version", "")]).await.expect(303);
        edit(&api, &own[2], json!({"lines": [{"sku": "SKU-00002", "qty": "1"}]})).await;
        // two of the orders of before, moved to another place of each list
        for old in all(&api, &b, "orders?sort=number").await.iter().take(40).step_by(9) {
            let path = format!("/alpha/{b}/orders/{}", old["id"].as_str().unwrap());
            let state = get(&api, &path).await["state"].clone();
            if state == "draft" {
                edit(&api, &path, json!({"customer": "C-00007"})).await;
            }
        }
        let model = all(&api, &b, "orders").await;
        let ids = |rows: &[Value]| rows.iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(model.len(), state(&app.program("alpha"), "main").await[0].len() - 2);
        for row in &model {
            let path = format!("/alpha/{b}/orders/{}", row["id"].as_str().unwrap());
            let one = get(&api, &path).await;
            assert_eq!((&one["state"], &one["customer_name"]), (&row["state"], &row["customer_name"]));
        }
        let by = |key: fn(&Value) -> String, down: bool| {
            let mut rows = model.clone();
            rows.sort_by_key(|r| (key(r), r["id"].as_str().unwrap().to_owned()));
            if down { rows.reverse(); }
            ids(&rows)
        };
        assert_eq!(ids(&all(&api, &b, "orders?sort=number").await), by(|r| r["number"].as_str().unwrap().into(), false));
        assert_eq!(ids(&all(&api, &b, "orders?sort=-placed").await), by(|r| r["placed_at"].as_str().unwrap().into(), true));
        for state in ["draft", "confirmed", "completed", "cancelled"] {
            let found = all(&api, &b, &format!("orders?state={state}")).await;
            let expected: Vec<Value> = model.iter().filter(|r| r["state"] == state).cloned().collect();
            assert_eq!(ids(&found), ids(&expected), "{state}");
            let page = clerk.get(&format!("/alpha/{b}/orders?state={state}")).await.expect(200);
            let says = page.texts("#results").join(" ");
            let count = expected.len();
            assert!(says.contains(&format!("{count} order")), "{state}: {says}");
            let tabs = page.texts(".tabs a").join(", ").to_lowercase();
            assert!(tabs.contains(&format!("{state} {count}")), "{state} {count}: {tabs}");
        }
        let name = |r: &Value| r["customer_name"].as_str().unwrap().to_owned();
        for wanted in [name(&model[0]), name(&model[9]), "Trading".to_owned()] {
            let words: Vec<&str> = wanted.split(' ').collect();
            let query: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            let found = all(&api, &b, &format!("orders?sort=-placed&q={query}")).await;
            let has = |r: &&Value| words.iter().all(|w| name(r).contains(w));
            let expected: Vec<Value> = model.iter().filter(has).cloned().collect();
            assert_eq!(ids(&found), ids(&expected), "{wanted}");
        }
        // the form finds what the branch has
        let made = json!({"sku": "ONLY-1", "name": "Only here"});
        api.post(&format!("/api/v1/alpha/{b}/products"), &made).await.expect(201);
        let offered = clerk.get(&format!("/alpha/{b}/suggest/products?q=only")).await.expect(200);
        assert!(offered.body.contains("ONLY-1"));
        assert!(!clerk.get("/alpha/main/suggest/products?q=only").await.expect(200).body.contains("ONLY-1"));
        clerk.get(&format!("/alpha/{b}")).await.expect(200);
    }

    async fn c08_a_form_writes_to_the_world_of_its_address(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "3").await;
        let b = open(&mut clerk, "Try").await;
        let own = within(&url, &b);
        let form = clerk.get(&format!("{own}/edit")).await.expect(200);
        // another tab goes back to main, and opens another branch
        clerk.get(&url).await.expect(200);
        open(&mut clerk, "Other").await;
        let fields = crate::actor_fields(&form, &[("customer_po", "from the first tab")]);
        let action = form.attrs("#order-form", "action")[0].clone();
        assert_eq!(action, own);
        clerk.post(&action, &fields).await.expect(303);
        assert_eq!(get(&api, &own).await["customer_po"], "from the first tab");
        assert!(get(&api, &url).await["customer_po"].is_null());
    }

    async fn c09_a_coordinate_never_changes(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "3").await;
        let b = open(&mut clerk, "Try").await;
        let own = within(&url, &b);
        edit(&api, &own, json!({"customer_po": "first"})).await;
        let seq = get(&api, &own).await["version"].as_i64().unwrap();
        let path = |world: &str| format!("/api/v1/alpha/{world}/orders?at={seq}");
        let told = async || {
            let mut out = vec![];
            for world in ["main", &b] {
                out.push(api.get(&path(world)).await.expect(200).body);
                let one = within(&url, world);
                for at in ["", "/history"] {
                    out.push(api.get(&format!("/api/v1{one}{at}?at={seq}")).await.expect(200).body);
                }
            }
            out
        };
        let before = told().await;
        new_order(&mut clerk, "4").await;
        // a thousand changes, on both
        let mut versions = [get(&api, &url).await["version"].clone(), get(&api, &own).await["version"].clone()];
        for n in 0..500 {
            for (one, version) in [&url, &own].into_iter().zip(&mut versions) {
                let body = json!({"version": version, "customer_po": format!("PO-{n}")});
                *version = api.patch(&format!("/api/v1{one}"), &body).await.expect(200).json()["version"].clone();
            }
        }
        assert!(told().await == before);
        assert_eq!(get(&api, &format!("{own}?at={seq}")).await["customer_po"], "first");
        // before it was opened there is nothing to see
        clerk.get(&format!("/alpha/{b}/orders?at=1")).await.expect(422);
    }

    async fn c13_a_branch_of_another_company_is_not_there(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let b = open(&mut clerk, "Try").await;
        let url = new_order(&mut clerk, "3").await;
        let mut stranger = app.actor("clerk", "beta").await;
        for path in [format!("/alpha/{b}/orders"), format!("/beta/{b}/orders"), format!("/beta/main/branches/{b}"), within(&url, &b).replace("/alpha/", "/beta/")] {
            stranger.get(&path).await.expect(404);
        }
        assert!(!stranger.get("/beta/main/branches").await.expect(200).body.contains("Try"));
    }

    async fn c13_a_guess_finds_out_nothing(app) {
        let (api, other) = (app.program("alpha"), app.program("beta"));
        let b = open(&mut app.actor("clerk", "alpha").await, "Try").await;
        let id = all(&api, "main", "products").await[0]["id"].as_str().unwrap().to_owned();
        edit(&api, &format!("/alpha/{b}/products/{id}"), json!({"name": "Another"})).await;
        // each address with what is another company's, and with what is nobody's
        let of_branch = |b: &str| {
            let own = ["", "/plan", "/plan?show=conflicts"].map(|at| format!("main/branches/{b}{at}"));
            let within = ["orders", "products", "commits"].map(|list| format!("{b}/{list}"));
            [own, within].concat()
        };
        let of_record = |id: &str| {
            let now = ["", "/history", "?at=1"].map(|at| format!("main/products/{id}{at}"));
            [now.to_vec(), vec![format!("main/commits/1/proof/product/{id}")]].concat()
        };
        let real = [of_branch(&b), of_record(&id)].concat();
        let made_up = [of_branch("no-such"), of_record(&Uuid::nil().to_string())].concat();
        for (real, made_up) in real.iter().zip(&made_up) {
            let mut told = vec![];
            for path in [real, made_up] {
                let statements = Statements::default();
                let answer = statements.of(other.get(&format!("/api/v1/beta/{path}"))).await.expect(404);
                assert!(!answer.body.contains("Try") && !answer.body.contains("Another"), "{path}");
                told.push((answer.json()["detail"].clone(), statements.texts()));
            }
            assert_eq!(told[0], told[1], "{real}: as if it were nowhere, by as much work");
        }
    }

    async fn c85_a_private_branch_is_seen_by_its_owner(app) {
        let (mut clerk, mut lead) = (app.actor("clerk", "alpha").await, app.actor("lead", "alpha").await);
        let b = open_as(&mut clerk, ("My own", "private")).await;
        clerk.get(&format!("/alpha/{b}/orders")).await.expect(200);
        lead.get(&format!("/alpha/{b}/orders")).await.expect(404);
        lead.get(&format!("/alpha/main/branches/{b}")).await.expect(404);
        assert!(!lead.get("/alpha/main/branches?state=all").await.expect(200).body.contains("My own"));
        assert!(clerk.get("/alpha/main/branches").await.expect(200).body.contains("My own"));
        // nor in the company's activity
        assert!(!lead.get("/alpha/main/commits").await.expect(200).body.contains("My own"));
        app.actor("viewer", "alpha").await.get("/alpha/main/branches/new").await.expect(403);
    }

    async fn a_clerk_proposes_on_a_branch_what_a_lead_may_do_on_main(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "3").await;
        clerk.post(&format!("{url}/confirmation"), &[("_version", "")]).await.expect(303);
        let b = open(&mut clerk, "Try").await;
        let price = [("lines.0.unit_price", "1.00")];
        clerk.submit(&format!("{url}/edit"), "#order-form", &price).await.expect(403);
        clerk.submit(&format!("{}/edit", within(&url, &b)), "#order-form", &price).await.expect(303);
        // settings are of the company, not of a branch
        clerk.get(&format!("/alpha/{b}/settings")).await.expect(404);
        app.actor("admin", "alpha").await.post(&format!("/alpha/{b}/settings"), &[("name", "x")]).await.expect(404);
    }

    async fn two_records_of_a_branch_do_not_share_a_code(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let b = open(&mut clerk, "Try").await;
        let new = |sku: &str| [("sku", sku.to_owned()), ("name", "A thing".to_owned())];
        let list = format!("/alpha/{b}/products");
        clerk.post(&list, &new("NEW-1")).await.expect(303);
        clerk.post(&list, &new("new-1")).await.expect(422);
        clerk.post(&list, &new("SKU-00001")).await.expect(422);
        // main may have it all the same
        clerk.post("/alpha/main/products", &new("NEW-1")).await.expect(303);
    }

    async fn a_branch_says_what_is_missing_in_its_name(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let answer = clerk.submit("/alpha/main/branches/new", "#branch-form", &[("note", "why")]).await.expect(422);
        assert_eq!(answer.texts("#name-e"), ["Say in a few words what the branch is for"]);
        assert_eq!(answer.texts("#note"), ["why"]);
        let first = open(&mut clerk, "Main").await;
        let second = open(&mut clerk, "main").await;
        assert_eq!((first.as_str(), second.as_str()), ("branch-main", "branch-main-2"));
    }

    async fn a_private_branch_is_shown_to_the_people_it_names(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let lead = app.program_of("lead", "alpha").await;
        let b = open_as(&mut clerk, ("Secret", "private")).await;
        let page = format!("/alpha/main/branches/{b}");
        let sees = || async { lead.get(&format!("/api/v1{page}")).await.status };
        assert_eq!(sees().await, 404);
        let members = clerk.get(&page).await.expect(200);
        let (ids, names) = (members.attrs("#user option", "value"), members.texts("#user option"));
        let at = names.iter().position(|n| n.starts_with("Lead")).expect("the lead can be named");
        assert!(!names.iter().any(|n| n.starts_with("Clerk") || n.starts_with("Company")), "who sees it anyway: {names:?}");
        clerk.post(&format!("{page}/people"), &[("user", ids[at].as_str())]).await.expect(303);
        assert_eq!(sees().await, 200);
        assert!(clerk.get(&page).await.texts("section[aria-labelledby='seen-h'] li")[0].contains("Lead"));
        // others than the owner do not say so
        lead.post(&format!("/api/v1{page}/people"), &json!({"visibility": "company"})).await.expect(409);
        clerk.post(&format!("{page}/people"), &[("remove", ids[at].as_str())]).await.expect(303);
        assert_eq!(sees().await, 404);
        clerk.post(&format!("{page}/people"), &[("visibility", "company")]).await.expect(303);
        assert_eq!(sees().await, 200);
        clerk.post(&format!("{page}/people"), &[("user", "nobody")]).await.expect(422);
        app.program("beta").post(&format!("/api/v1{}/people", page.replace("alpha", "beta")), &json!({"visibility": "company"})).await.expect(404);
    }

    async fn the_list_of_branches_goes_on_to_the_last(app) {
        let api = app.program("alpha");
        let url = "/api/v1/alpha/main/branches";
        for n in 0..103 {
            let body = json!({"name": format!("Many {n}"), "visibility": "company"});
            api.post(url, &body).await.expect(201);
        }
        let (mut names, mut after) = (vec![], String::new());
        loop {
            let part = api.get(&format!("{url}?after={after}")).await.expect(200).json();
            names.extend(part["items"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap().to_owned()));
            match part["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        let wanted: Vec<String> = (0..103).rev().map(|n| format!("Many {n}")).collect();
        assert_eq!(names, wanted);
        let mut clerk = app.actor("clerk", "alpha").await;
        let first = clerk.get("/alpha/main/branches").await.expect(200);
        let rest = clerk.get(&first.attrs("a[rel=next]", "href")[0]).await.expect(200);
        assert_eq!((first.texts("tbody tr").len(), rest.texts("tbody tr").len()), (100, 3));
        assert!(rest.attrs("a[rel=next]", "href").is_empty());
        for odd in ["after=x", "status=all"] {
            api.get(&format!("{url}?{odd}")).await.expect(422);
        }
    }
}
