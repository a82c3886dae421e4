//! The command line as an operator uses it.
use super::process::{Place, Server, api, ask};
use serde_json::{Value, json};
use std::time::Duration;

fn seeds(place: &Place) -> Vec<String> {
    let world: Value =
        serde_json::from_str(&place.run(&["seed", "--world", "--seed", "7"])).unwrap();
    world.as_array().unwrap().iter().map(|c| c["digest"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_seed_gives_one_world_on_both_databases() {
    let first = seeds(&Place::sqlite());
    assert_eq!(first, seeds(&Place::sqlite()));
    match Place::postgres() {
        Some(place) => assert_eq!(first, seeds(&place)),
        None => eprintln!("left out on PostgreSQL: one_seed_gives_one_world_on_both_databases"),
    }
}

#[test]
fn the_routes_are_printed_with_their_access() {
    let routes: Value = serde_json::from_str(&Place::sqlite().run(&["routes", "--json"])).unwrap();
    let all = routes.as_array().unwrap();
    assert!(all.len() > 60);
    assert!(all.iter().all(|r| r["path"].as_str().unwrap().starts_with('/')
        && !r["access"].as_str().unwrap().is_empty()));
}

#[test]
fn digests_are_kept_by_command_and_by_the_server() {
    let place = Place::sqlite();
    place.company();
    let (kept, key) = (place.path("kept"), place.path("key"));
    let kept = kept.to_str().unwrap();
    let flags = ["--digests", kept, "--digest-key", key.to_str().unwrap()];
    let digest = place.run(&[&["digest", "--company", "acme"][..], &flags].concat());
    let file = place.path("kept/acme.digests");
    let line = std::fs::read_to_string(&file).unwrap();
    assert!(line.starts_with(digest.trim()), "{line}");
    place.run(&["generate", "--company", "acme", "--orders", "20"]);
    let mut command = place.command(&["serve", "--bind", "127.0.0.1:0"]);
    let mut server = command.args(flags).stdout(std::process::Stdio::null()).spawn().unwrap();
    let lines = || std::fs::read_to_string(&file).unwrap().lines().count();
    let kept_two = (0..100).any(|_| {
        std::thread::park_timeout(Duration::from_millis(100));
        lines() == 2
    });
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(kept_two, "the server keeps one when it starts");
    let report = place.run(&["verify", "--digests", kept]);
    assert!(report.contains("compared with 2 digests") && report.contains(" 0 faults"), "{report}");
    // quickly, after what was verified; and on from where a run was broken off
    let before = place.run(&["digest", "--company", "acme"]);
    let erase = ["erase", "--company", "acme", "--customer", "C-00001", "--basis", "GDPR 17"];
    assert!(place.run(&erase).contains("versions"));
    place.run(&["clean"]);
    let quick = place.run(&["verify", "--quick", "--digests", kept]);
    assert!(quick.contains(" 0 heads, 0 faults") && quick.contains("acme: 1 commits"), "{quick}");
    assert!(place.run(&["verify", "--quick", "--digests", kept]).contains("acme: 0 commits"));
    assert!(place.fails(&["verify", "--quick"]).contains("--since"));
    let progress = place.path("progress");
    std::fs::write(&progress, before).unwrap();
    let asked = ["verify", "--company", "acme", "--progress", progress.to_str().unwrap()];
    let rest = place.run(&asked);
    assert!(rest.contains("acme: 1 commits") && rest.contains(" 0 faults"), "{rest}");
    assert!(!progress.exists() && place.run(&asked).contains("acme: 2 commits"));
    std::fs::write(&file, line.replacen(&digest.trim()[..1], "7", 1)).unwrap();
    assert!(place.fails(&["verify", "--digests", kept]).contains("1 faults"));
}

#[test]
fn generated_orders_are_exported_and_verified() {
    let place = Place::sqlite();
    place.company();
    place.run(&["generate", "--company", "acme", "--orders", "300", "--seed", "3"]);
    let csv = place.run(&["export", "orders", "--company", "acme", "--format", "csv"]);
    assert_eq!(csv.lines().count(), 301);
    let json = place.run(&["export", "orders", "--company", "acme", "--format", "jsonl"]);
    assert_eq!(json.lines().filter(|l| serde_json::from_str::<Value>(l).is_ok()).count(), 300);
    let report: Value = serde_json::from_str(&place.run(&["verify", "--json"])).unwrap();
    assert_eq!(report["faults"], 0);
    let digest = place.run(&["digest", "--company", "acme"]);
    assert_eq!(report["digest"].as_str().unwrap(), digest.trim());
}

#[test]
fn an_export_is_of_a_branch_or_of_then() {
    let place = Place::sqlite();
    let token = place.company();
    place.run(&["generate", "--company", "acme", "--orders", "20", "--seed", "3"]);
    let server = Server::spawn(place.command(&["serve", "--bind", "127.0.0.1:0"]));
    let act = |path: &str, body: Value| {
        let path = format!("/api/v1/acme/{path}");
        let (status, body) = api(&server.addr, &token, ("POST", &path, &body.to_string()));
        assert_eq!(status, 201, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let before = place.run(&["digest", "--company", "acme"]);
    let before = before.split(':').next().unwrap();
    let b = act("main/branches", json!({"name": "Try"}))["slug"].as_str().unwrap().to_owned();
    act(&format!("{b}/customers"), json!({"number": "C-X", "name": "There"}));
    for place in [b.as_str(), b.as_str(), "main"] {
        let customer = if place == "main" { "C-00001" } else { "C-X" };
        act(&format!("{place}/orders"), json!({"customer": customer, "lines": []}));
    }
    let orders = |more: &[&str]| {
        let all = ["export", "orders", "--company", "acme"].iter().chain(more).copied();
        place.run(&all.collect::<Vec<_>>()).lines().count() - 1
    };
    assert_eq!(orders(&[]), 21);
    assert_eq!(orders(&["--branch", &b]), 22);
    assert_eq!(orders(&["--at", before]), 20);
    assert!(
        place
            .fails(&["export", "orders", "--company", "acme", "--branch", "none"])
            .contains("no such")
    );
}

#[test]
fn the_demo_serves_a_company_one_can_sign_in_to() {
    let place = Place::sqlite();
    let server = Server::spawn(place.command(&["demo", "--bind", "127.0.0.1:0"]));
    let form = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin";
    let fields = "email=demo%40example.com&password=demo+demo+demo+42";
    let (status, _) = ask(&server.addr, &format!("POST /login HTTP/1.1\r\n{form}"), fields);
    assert_eq!(status, 303);
    assert_eq!(ask(&server.addr, "GET /livez HTTP/1.1", "").0, 200);
    assert_eq!(ask(&server.addr, "GET /readyz HTTP/1.1", "").0, 200);
}

#[test]
fn stopping_lets_requests_end_and_exits_cleanly() {
    let place = Place::sqlite();
    let mut server = Server::start(&place);
    assert_eq!(ask(&server.addr, "GET /readyz HTTP/1.1", "").0, 200);
    server.signal("TERM");
    assert_eq!(server.wait(Duration::from_secs(30)), Some(0));
    assert!(!std::fs::exists(place.path("t.db-wal")).unwrap(), "the log was folded into the file");
}

#[test]
fn a_token_is_listed_and_ended_without_being_shown() {
    let place = Place::sqlite();
    let token = place.company();
    let server = Server::start(&place);
    let get = || api(&server.addr, &token, ("GET", "/api/v1/acme/main/orders", "")).0;
    assert_eq!(get(), 200);
    let list = place.run(&["token", "list", "--company", "acme"]);
    assert!(list.contains("ann@example.com") && !list.contains(&token), "{list}");
    let id = list.split_whitespace().next().unwrap();
    assert!(
        place.fails(&["token", "revoke", "seven", "--company", "acme"]).contains("first column")
    );
    place.run(&["token", "revoke", id, "--company", "acme"]);
    assert_eq!(get(), 401);
    assert_eq!(place.run(&["token", "list", "--company", "acme"]), "");
    place.fails(&["token", "revoke", id, "--company", "acme"]);
}

#[test]
fn postgres_without_tables_is_told_to_migrate() {
    let Some(url) = crate::harness::empty_postgres() else {
        eprintln!("left out: postgres_without_tables_is_told_to_migrate (no TEST_POSTGRES)");
        return;
    };
    let place = Place { dir: tempfile::tempdir().unwrap(), url };
    let text = place.fails(&["serve"]);
    assert!(text.contains("tributary migrate"), "{text}");
}
