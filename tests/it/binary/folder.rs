//! A whole installation from a folder of CSV files.
use super::process::Place;

const ONE: &str = "0190d2a0-0000-4000-8000-0000000000";

fn id(n: u8) -> String {
    format!("{ONE}{n:02x}")
}

/// Two companies; `total` is what the first order says of itself.
fn folder(place: &Place, total: &str) -> String {
    let (acme, zeta, ann, bob) = (id(1), id(2), id(3), id(4));
    let (customer, product, draft, done) = (id(5), id(6), id(7), id(8));
    let line = |n: u8| id(16 + n);
    let at = "2026-02-28T23:59:59.500Z";
    let dir = place.path("folder");
    std::fs::create_dir_all(&dir).unwrap();
    let put = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    put(
        "companies.csv",
        format!(
            "id,name,slug,currency,created_at\n{acme},Acme,acme,EUR,{at}\n{zeta},Zeta,zeta,JPY,{at}\n"
        ),
    );
    put(
        "users.csv",
        format!(
            "id,company_id,username,email,full_name,role,password,is_active,created_at\n{ann},,root,root@example.com,Root,superuser,whatever 123,1,{at}\n{bob},{acme},bob,bob@example.com,Bob Müller,staff,short,1,{at}\n"
        ),
    );
    put(
        "customers.csv",
        format!(
            "id,company_id,code,name,email,phone,city,country,is_active,created_at\n{customer},{acme},C1,\"Café, Ltd\",,,Gdańsk,PL,1,{at}\n"
        ),
    );
    put(
        "products.csv",
        format!(
            "id,company_id,sku,name,unit,price,currency,is_active,created_at\n{product},{acme},SKU-1,Steel,pcs,1.15,EUR,1,{at}\n"
        ),
    );
    put(
        "orders.csv",
        format!(
            "id,company_id,customer_id,number,status,currency,order_date,due_date,reference,notes,total,created_by,created_at,updated_at\n{draft},{acme},{customer},ORD-1,draft,EUR,2026-03-01,2026-03-08,PO-1,,{total},{bob},{at},{at}\n{done},{acme},{customer},ORD-2,delivered,EUR,2026-03-01,,,Call first,1.15,{bob},{at},{at}\n"
        ),
    );
    put(
        "order_lines.csv",
        format!(
            "id,order_id,position,product_id,description,quantity,unit_price,discount_percent,line_total\n{},{draft},1,{product},Steel,3,1.15,10,3.11\n{},{draft},2,{product},Steel,1,1.15,0,1.15\n{},{done},1,{product},Steel,1,1.15,0,1.15\n",
            line(0),
            line(1),
            line(2)
        ),
    );
    dir.display().to_string()
}

fn a_folder_is_brought_in_once(place: &Place) {
    let dir = folder(place, "4.26");
    let said = place.run(&["import", "folder", &dir]);
    assert_eq!(
        said,
        "acme: 2 orders, 1 customers, 1 products in commit 1.\nzeta: 0 orders, 0 customers, 0 products in commit 1.\n"
    );
    let lines = place.run(&["export", "orders", "--company", "acme", "--format", "jsonl"]);
    let orders: Vec<serde_json::Value> =
        lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let draft = orders.iter().find(|o| o["id"] == id(7).as_str()).unwrap();
    let done = orders.iter().find(|o| o["id"] == id(8).as_str()).unwrap();
    assert_eq!((&draft["state"], &done["state"]), (&"draft".into(), &"completed".into()));
    assert_eq!((draft.get("number"), &done["number"]), (None, &"ORD-2".into()));
    assert_eq!(draft["customer_name"], "Café, Ltd");
    assert_eq!(draft["lines"][0]["id"], id(16).as_str());
    assert_eq!(draft["lines"].as_array().unwrap().len(), 2);
    assert_eq!(draft["placed_at"], "2026-02-28T23:59:59.5Z");
    let again = place.run(&["import", "folder", &dir]);
    assert_eq!(again, "acme: is here already.\nzeta: is here already.\n");
    let report = place.run(&["verify"]);
    assert_eq!(report.matches(" 0 faults").count(), 2, "{report}");
}

#[test]
fn a_folder_is_brought_in_once_on_sqlite() {
    a_folder_is_brought_in_once(&Place::sqlite());
}

#[test]
fn a_folder_is_brought_in_once_on_postgres() {
    match Place::postgres() {
        Some(place) => a_folder_is_brought_in_once(&place),
        None => eprintln!("left out: a_folder_is_brought_in_once_on_postgres (no TEST_POSTGRES)"),
    }
}

#[test]
fn a_company_whose_sums_differ_is_refused_and_can_be_mended() {
    let place = Place::sqlite();
    let dir = folder(&place, "4.27");
    let said = place.fails(&["import", "folder", &dir]);
    assert!(said.contains("orders.csv, line"), "{said}");
    assert!(said.contains("order ORD-1 in order_lines.csv add up to €4.26, not to 4.27"), "{said}");
    let report = place.run(&["verify", "--company", "acme"]);
    assert!(report.contains("0 commits, 0 versions"), "{report}");
    let mended = place.run(&["import", "folder", &folder(&place, "4.26")]);
    assert!(mended.starts_with("acme: 2 orders"), "{mended}");
}

#[test]
fn what_a_form_would_refuse_is_refused_with_its_place() {
    for (file, find, put, told) in [
        ("companies.csv", "Acme,acme", "Acme,login", "companies.csv, line 2: `login`: This word"),
        ("companies.csv", "Zeta,zeta", ",zeta", "companies.csv, line 3: ``: Write a name"),
        (
            "users.csv",
            "bob@example.com",
            "bob at home",
            "users.csv, line 3: `bob at home`: Write an address",
        ),
        ("customers.csv", "C1,", ",", "customers.csv, : number is empty"),
        (
            "products.csv",
            "SKU-1",
            "SKU\u{202E}-1",
            "products.csv, SKU\u{202E}-1: sku `SKU\u{202E}-1`: Remove",
        ),
        ("order_lines.csv", ",3,1.15,10", ",3,1.15,x", "order_lines.csv, line"),
        ("order_lines.csv", ",1,0190", ",9223372036854775807,0190", "position must count from 1"),
        (
            "products.csv",
            &format!("{},SKU-1", id(1)),
            &format!("{},SKU-1", id(9)),
            "which is not in companies.csv",
        ),
        ("order_lines.csv", &format!("{},2,", id(7)), &format!("{},2,", id(9)), "add up to"),
        (
            "orders.csv",
            &format!("{},ORD-2", id(5)),
            &format!("{},{}", id(5), "N".repeat(200)),
            "At most",
        ),
    ] {
        let place = Place::sqlite();
        let dir = folder(&place, "4.26");
        let path = place.path("folder").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(find), "{file}: {find}");
        std::fs::write(&path, text.replacen(find, put, 1)).unwrap();
        let said = place.fails(&["import", "folder", &dir]);
        assert!(said.contains(told), "{file}, {find} as {put}: {said}");
    }
}

#[test]
fn a_line_that_no_order_takes_is_told() {
    let place = Place::sqlite();
    let dir = folder(&place, "4.26");
    let path = place.path("folder").join("order_lines.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let (line, order, product) = (id(30), id(31), id(6));
    let stray = format!("{text}{line},{order},1,{product},Steel,1,1.15,0,1.15\n");
    std::fs::write(&path, stray).unwrap();
    let said = place.fails(&["import", "folder", &dir]);
    assert!(
        said.contains("order_lines.csv, line 5") && said.contains("is not in orders.csv"),
        "{said}"
    );
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let place = Place::sqlite();
    let dir = folder(&place, "4.26");
    let file = |name: &str| place.path("folder").join(name);
    let customers = std::fs::read_to_string(file("customers.csv")).unwrap();
    std::fs::write(file("customers.csv"), customers.replace(&id(5), "five")).unwrap();
    let said = place.fails(&["import", "folder", &dir]);
    assert!(said.contains("customers.csv, line 2:"), "{said}");
    std::fs::remove_file(file("customers.csv")).unwrap();
    let said = place.fails(&["import", "folder", &dir]);
    assert!(said.contains("customers.csv: No such file"), "{said}");
}
