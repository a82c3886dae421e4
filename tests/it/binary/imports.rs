//! Real orders from files: exact figures, nothing lost, nothing twice, nothing half.
use super::process::{Place, shared};
use std::{process::Stdio, time::Duration};

const MAP: [&str; 12] = [
    "--map",
    "number=No",
    "--map",
    "date=Date",
    "--map",
    "customer=Who",
    "--map",
    "sku=SKU",
    "--map",
    "quantity=Qty",
    "--map",
    "unit_price=Price",
];

fn retail(place: &Place) -> Vec<String> {
    let file = shared("data/online-retail.csv.gz").unwrap().display().to_string();
    let rejects = place.path("rejects.csv").display().to_string();
    [
        "import",
        "orders",
        &file,
        "--company",
        "acme",
        "--preset",
        "online-retail",
        "--rejects",
        &rejects,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn the_figures_of_the_data_set_hold(place: &Place) {
    place.company();
    let args = retail(place);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let said = place.run(&args);
    assert!(
        said.contains("541909 rows: 24564 orders with 540573 lines, 1336 rejected rows"),
        "{said}"
    );
    assert!(said.contains("(974774793 minor units)"), "{said}");
    let rejects = std::fs::read_to_string(place.path("rejects.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 1337);
    assert!(
        rejects
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("2407,a negative quantity outside of a credit,536589,21777,,-10,")
    );
    let again = place.run(&args);
    assert!(again.contains("Nothing to import: all 24564 orders are here already."), "{again}");
    let report = place.run(&["verify", "--company", "acme"]);
    assert!(report.contains("1 commits") && report.contains(" 0 faults"), "{report}");
}

#[test]
fn the_figures_of_the_data_set_hold_on_sqlite() {
    match shared("data/online-retail.csv.gz") {
        Some(_) => the_figures_of_the_data_set_hold(&Place::sqlite()),
        None => eprintln!("left out: the_figures_of_the_data_set_hold_on_sqlite (no ../shared)"),
    }
}

#[test]
fn the_figures_of_the_data_set_hold_on_postgres() {
    match (shared("data/online-retail.csv.gz"), Place::postgres()) {
        (Some(_), Some(place)) => the_figures_of_the_data_set_hold(&place),
        _ => eprintln!(
            "left out: the_figures_of_the_data_set_hold_on_postgres (no ../shared or no TEST_POSTGRES)"
        ),
    }
}

#[test]
fn a_killed_import_leaves_nothing() {
    if shared("data/online-retail.csv.gz").is_none() {
        eprintln!("left out: a_killed_import_leaves_nothing (no ../shared)");
        return;
    }
    let place = Place::sqlite();
    place.company();
    let args = retail(&place);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut child =
        place.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let written = place.path("t.db-wal");
    while std::fs::metadata(&written).map_or(0, |m| m.len()) < 20_000_000 {
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be killed");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let report = place.run(&["verify"]);
    assert!(report.contains("0 commits, 0 versions, 0 heads, 0 faults"), "{report}");
}

#[test]
fn a_plain_file_is_mapped_and_its_bad_rows_are_told() {
    let place = Place::sqlite();
    place.company();
    let text = b"No,Date,Who,SKU,Qty,Price\n\
        1,31/01/2026,C1,a-1,2,1.50\n\
        1,31/01/2026,C1,A-1,1,\"2,50\"\n\
        2,30/01/2026,,b-2,1,3\n\
        3,30/01/2026,C1,b-2\n\
        4,29/02/2027,C1,b-2,1,1\n\
        5,30/01/2026,C1,b-2,-1,1\n\
        6,30/01/2026,C\xff,b-2,1,1\n\
        7,30/01/2026,C1,,1,1\n\
        1,31/01/2026,C2,b-2,1,1\n\
        8,31/01/2026,C3,b-2,1,1\n\
        8,31/01/2026,,b-2,2,1\n";
    let file = place.file("orders.csv", text);
    let rejects = place.path("r.csv").display().to_string();
    let mut args = vec!["import", "orders", &file, "--company", "acme", "--rejects", &rejects];
    args.extend(MAP);
    let said = place.run(&args);
    assert!(said.contains("11 rows: 3 orders with 4 lines, 7 rejected rows"), "{said}");
    let rejects =
        String::from_utf8_lossy(&std::fs::read(place.path("r.csv")).unwrap()).into_owned();
    for reason in [
        "3,the unit price is not a number that fits",
        "5,\"the row has 4 fields, the header 6\"",
        "6,the date cannot be read",
        "7,a negative quantity outside of a credit",
        "8,the row is not UTF-8",
        "9,neither a SKU nor a description",
        "10,another customer than in the first row of this order",
    ] {
        assert!(rejects.contains(reason), "{reason}: {rejects}");
    }
    let csv = place.run(&["export", "orders", "--company", "acme"]);
    assert!(csv.contains("1,order,completed,Customer C1,2026-01-31,,GBP,3.00,1"), "{csv}");
}

#[test]
fn files_that_are_not_what_they_say_are_refused_whole() {
    let place = Place::sqlite();
    place.company();
    let import = |name: &str, text: &[u8], more: &[&str]| {
        let file = place.file(name, text);
        let mut args = vec!["import", "orders", &file, "--company", "acme"];
        args.extend(more);
        place.fails(&args)
    };
    assert!(import("empty.csv", b"", &MAP).contains("has no header row"));
    assert!(import("other.csv", b"A,B\n1,2\n", &MAP).contains("has no column `No`; it has: A, B"));
    assert!(
        import("cut.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2], &MAP)
            .contains("cannot be read")
    );
    assert!(
        import("few.csv", b"No\n1\n", &["--map", "number=No"])
            .contains("Say which column holds: date")
    );
    assert!(import("odd.csv", b"No\n1\n", &["--map", "colour=No"]).contains("is no field"));
    let ambiguous = b"No,Date,Who,SKU,Qty,Price\n1,01/02/2026,C,a,1,1\n";
    assert!(import("date.csv", ambiguous, &MAP).contains("--date-format"));
    let mut long = b"No,Date,Who,SKU,Qty,Price\n1,2026-01-01,C,a,1,".to_vec();
    long.resize(3 << 20, b'1');
    assert!(import("long.csv", &long, &MAP).contains("longer than 1 MiB"));
    assert!(
        place
            .fails(&[
                "import",
                "orders",
                "/none.csv",
                "--company",
                "acme",
                "--preset",
                "online-retail"
            ])
            .contains("/none.csv")
    );
    assert!(
        place
            .fails(&["import", "orders", "/none.csv", "--company", "nobody", "--preset", "x"])
            .contains("No company is called")
    );
    assert!(place.run(&["verify"]).contains("0 commits"));
}

#[test]
fn a_number_that_another_order_has_is_named() {
    let place = Place::sqlite();
    place.company();
    place.run(&["generate", "--company", "acme", "--orders", "30"]);
    let orders = place.run(&["export", "orders", "--company", "acme", "--format", "csv"]);
    let taken = orders.lines().filter_map(|l| l.split(',').next()).find(|n| n.starts_with("SO-"));
    let taken = taken.unwrap().to_owned();
    let text = format!(
        "No,Date,Who,SKU,Qty,Price\nNEW-1,2026-01-31,Ann,A,1,2.00\n{taken},2026-01-31,Ann,A,1,2.00\n"
    );
    let file = place.file("f.csv", text);
    let mut args = vec!["import", "orders", &file, "--company", "acme"];
    args.extend(MAP);
    let said = place.fails(&args);
    assert!(
        said.contains(&format!("`{taken}`")) && said.contains("nothing was imported"),
        "{said}"
    );
    let after = place.run(&["export", "orders", "--company", "acme", "--format", "csv"]);
    assert_eq!(after, orders);
}

#[test]
fn orders_are_brought_into_a_branch_that_is_opened_for_them() {
    let place = Place::sqlite();
    place.company();
    let file = |name: &str, number: &str| {
        let row = format!("{number},2026-01-31,Ann,A,1,2.00");
        place.file(name, format!("No,Date,Who,SKU,Qty,Price\n{row}\n"))
    };
    let import = |file: &str, branch: &str| {
        let args = ["import", "orders", file, "--company", "acme", "--branch", branch];
        place.run(&[&args[..], &MAP].concat())
    };
    let export =
        |branch: &str| place.run(&["export", "orders", "--company", "acme", "--branch", branch]);
    let said = import(&file("one.csv", "N-1"), "Old orders");
    assert!(said.contains("1 orders with 1 lines"), "{said}");
    assert!(said.contains("One commit: 1, on branch Old orders."), "{said}");
    let said = import(&file("two.csv", "N-2"), "old-orders");
    assert!(said.contains("One commit: 2, on branch Old orders."), "{said}");
    assert!(import(&file("one.csv", "N-1"), "Old orders").contains("Nothing to import"));
    assert_eq!(export("old-orders").lines().count(), 3);
    assert_eq!(export("main").lines().count(), 1, "main has the header alone");
    let said = import(&file("one.csv", "N-1"), "main");
    assert!(said.contains("One commit: 3."), "{said}");
    assert!(place.run(&["verify"]).contains(" 0 faults"));
}
