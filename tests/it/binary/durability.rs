//! What was acknowledged is there, whatever happens to the process.
use super::process::{Place, Server, api, ask};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Write, net::TcpStream, process::Command, time::Duration};

const ORDERS: &str = "/api/v1/acme/main/orders";
const CLIENTS: usize = 6;

fn prepared(place: &Place) -> String {
    let token = place.company();
    place.run(&["generate", "--company", "acme", "--orders", "50"]);
    token
}

fn draft(reference: &str) -> String {
    json!({"customer": "C-00001", "customer_po": reference, "lines": [{"sku": "SKU-00001", "qty": "1"}]}).to_string()
}

/// Keeps making orders until the server is gone; returns what was acknowledged.
fn make_orders(
    addr: &str,
    token: &str,
    (round, client): (usize, usize),
) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for n in 0.. {
        let reference = format!("R{round}C{client}N{n}");
        let (status, body) = api(addr, token, ("POST", ORDERS, &draft(&reference)));
        match status {
            201 => {
                let made: Value = serde_json::from_str(&body).unwrap();
                known.insert(made["id"].as_str().unwrap().to_owned(), reference);
            }
            0 => break,
            other => panic!("{other}: {body}"),
        }
    }
    known
}

fn killed_in_the_middle(place: &Place) {
    let token = prepared(place);
    let mut known = BTreeMap::new();
    for round in 0..5 {
        let mut server = Server::start(place);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (addr, token) = (server.addr.clone(), token.clone());
                std::thread::spawn(move || make_orders(&addr, &token, (round, client)))
            })
            .collect();
        std::thread::park_timeout(Duration::from_millis(250 + 230 * round as u64));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        for client in clients {
            known.extend(client.join().unwrap());
        }
    }
    assert!(known.len() > 20, "{} acknowledged", known.len());
    let server = Server::start(place);
    for (id, reference) in &known {
        let (status, body) = api(&server.addr, &token, ("GET", &format!("{ORDERS}/{id}"), ""));
        assert_eq!(status, 200, "lost: {reference}");
        assert!(body.contains(reference));
    }
    let report = place.run(&["verify"]);
    assert!(report.contains(" 0 faults"), "{report}");
}

/// SQLite's log does not wait for the writer: what is in it gets into the file while the server runs.
#[test]
fn the_log_is_put_into_the_file_beside_the_writer() {
    let place = Place::sqlite();
    let token = prepared(&place);
    let server = Server::start(&place);
    let (status, body) = api(&server.addr, &token, ("POST", ORDERS, &draft("in-the-file-itself")));
    assert_eq!(status, 201, "{body}");
    let there = || {
        let file = std::fs::read(place.path("t.db")).unwrap();
        file.windows(18).any(|w| w == b"in-the-file-itself")
    };
    let asked = (0..100).find(|_| {
        std::thread::park_timeout(Duration::from_millis(200));
        there()
    });
    assert!(asked.is_some(), "it is in the log still");
}

/// Kills the server at many moments of a merge until one comes through: main has all of it or nothing.
fn killed_in_a_merge(place: &Place) {
    let token = prepared(place);
    let main = "/api/v1/acme/main";
    let mut server = Server::start(place);
    let call = |server: &Server, method: &str, path: &str, body: &str| -> Value {
        let (status, said) = api(&server.addr, &token, (method, path, body));
        assert!((200..300).contains(&status), "{status}: {said}");
        serde_json::from_str(&said).unwrap()
    };
    let branch = json!({"name": "Prices", "visibility": "company"}).to_string();
    let slug = call(&server, "POST", &format!("{main}/branches"), &branch)["slug"].clone();
    let slug = slug.as_str().unwrap();
    let path = format!("{main}/branches/{slug}");
    for n in 0..60 {
        let thing = json!({"sku": format!("K-{n:02}"), "name": "new"}).to_string();
        call(&server, "POST", &format!("/api/v1/acme/{slug}/products"), &thing);
    }
    let plan = call(&server, "GET", &format!("{path}/plan"), "")["plan"].clone();
    let before = place.run(&["digest", "--company", "acme"]);
    let (mut broken, mut wait) = (0, 200);
    loop {
        let (addr, token) = (server.addr.clone(), token.clone());
        let (at, body) = (format!("{path}/merge"), json!({ "plan": plan }).to_string());
        let press = std::thread::spawn(move || api(&addr, &token, ("POST", &at, &body)).0);
        std::thread::park_timeout(Duration::from_micros(wait));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        let status = press.join().unwrap();
        server = Server::start(place);
        let state = call(&server, "GET", &path, "")["state"].clone();
        let found = call(&server, "GET", &format!("{main}/products?q=K-&size=100"), "");
        let found = found["items"].as_array().unwrap().len();
        let now = place.run(&["digest", "--company", "acme"]);
        match state.as_str().unwrap() {
            "open" => assert_eq!((found, now == before, status), (0, true, 0), "after {wait} µs"),
            merged => {
                assert_eq!((found, merged, now == before), (60, "merged", false));
                break;
            }
        }
        (broken, wait) = (broken + 1, wait * 5 / 4);
    }
    assert!(broken > 3, "{broken} kills before the merge was through");
    assert!(place.run(&["verify"]).contains(" 0 faults"));
}

#[test]
fn a_merge_that_is_killed_is_done_wholly_or_not_at_all_on_sqlite() {
    killed_in_a_merge(&Place::sqlite());
}

#[test]
fn a_merge_that_is_killed_is_done_wholly_or_not_at_all_on_postgres() {
    match Place::postgres() {
        Some(place) => killed_in_a_merge(&place),
        None => eprintln!(
            "left out: a_merge_that_is_killed_is_done_wholly_or_not_at_all_on_postgres (no TEST_POSTGRES)"
        ),
    }
}

/// Kills the server in the midst of a batch: started again, it goes on where it was, and main has nothing
/// of it until its branch is merged.
fn killed_in_a_batch(place: &Place) {
    const ORDERS: i64 = 10_000;
    let token = place.company();
    place.run(&["generate", "--company", "acme", "--orders", &ORDERS.to_string()]);
    let main = "/api/v1/acme/main";
    let mut server = Server::start(place);
    let call = |server: &Server, method: &str, path: &str, body: &str| -> Value {
        let (status, said) = api(&server.addr, &token, (method, path, body));
        assert!((200..300).contains(&status), "{status}: {said}");
        serde_json::from_str(&said).unwrap()
    };
    let commits =
        |server: &Server| call(server, "GET", &format!("{main}/commits"), "")["items"].clone();
    let before = commits(&server);
    let body = json!({"do": "tag", "value": "swept"}).to_string();
    let begun = call(&server, "POST", &format!("{main}/orders/batch"), &body);
    let at = format!("{main}/batches/{}", begun["id"].as_str().unwrap());
    while call(&server, "GET", &at, "")["changed"].as_i64().unwrap() < ORDERS * 6 / 10 {
        std::thread::park_timeout(Duration::from_millis(2));
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    server = Server::start(place);
    let killed = call(&server, "GET", &at, "");
    assert_eq!(killed["state"], "running", "it was killed before it was through: {killed}");
    let ended = (0..600).find_map(|_| {
        std::thread::park_timeout(Duration::from_millis(100));
        Some(call(&server, "GET", &at, "")).filter(|b| b["state"] != "running")
    });
    let ended = ended.expect("it was taken up again");
    let tally = ["state", "changed", "same", "failed"].map(|n| ended[n].clone());
    assert_eq!(tally, [json!("finished"), json!(ORDERS), json!(0), json!(0)], "each once");
    assert_eq!(commits(&server), before, "main has nothing of it");
    let branch = format!("{main}/branches/{}", ended["branch"].as_str().unwrap());
    // however slow the machine is: who gives up waiting finds it made
    let plan = (0..10).find_map(|_| {
        let (status, said) = api(&server.addr, &token, ("GET", &format!("{branch}/plan"), ""));
        Some(serde_json::from_str::<Value>(&said).unwrap()).filter(|_| status == 200)
    });
    let plan = plan.expect("a plan");
    assert_eq!((&plan["changed"], &plan["conflicts"]), (&json!(ORDERS), &json!(0)));
    call(&server, "POST", &format!("{branch}/merge"), &json!({"plan": plan["plan"]}).to_string());
    while call(&server, "GET", &branch, "")["state"] != "merged" {
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let after = commits(&server);
    assert_eq!(after.as_array().unwrap().len(), before.as_array().unwrap().len() + 1, "one commit");
    assert!(place.run(&["verify"]).contains(" 0 faults"));
}

#[test]
fn c88_a_batch_that_is_killed_goes_on_on_sqlite() {
    killed_in_a_batch(&Place::sqlite());
}

#[test]
fn c88_a_batch_that_is_killed_goes_on_on_postgres() {
    match Place::postgres() {
        Some(place) => killed_in_a_batch(&place),
        None => {
            eprintln!(
                "left out: c88_a_batch_that_is_killed_goes_on_on_postgres (no TEST_POSTGRES)"
            );
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill_on_sqlite() {
    killed_in_the_middle(&Place::sqlite());
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill_on_postgres() {
    match Place::postgres() {
        Some(place) => killed_in_the_middle(&place),
        None => eprintln!(
            "left out: nothing_acknowledged_is_lost_by_a_kill_on_postgres (no TEST_POSTGRES)"
        ),
    }
}

#[test]
fn every_acknowledged_write_was_synced_to_the_disk() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("left out: every_acknowledged_write_was_synced_to_the_disk (no strace)");
        return;
    }
    let place = Place::sqlite();
    let token = prepared(&place);
    let server = Server::start(&place);
    let trace = place.path("trace");
    let mut strace = Command::new("strace")
        .args(["-f", "-e", "trace=fdatasync,fsync", "-o"])
        .arg(&trace)
        .args(["-p", &server.child.id().to_string()])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::park_timeout(Duration::from_millis(800));
    for n in 0..30 {
        assert_eq!(api(&server.addr, &token, ("POST", ORDERS, &draft(&format!("S{n}")))).0, 201);
    }
    drop(server);
    strace.wait().unwrap();
    let syncs = std::fs::read_to_string(&trace).unwrap().matches("sync(").count();
    assert!(syncs >= 30, "{syncs} syncs for 30 writes");
}

#[test]
fn who_hangs_up_leaves_a_whole_order_or_none() {
    let place = Place::sqlite();
    let token = prepared(&place);
    let server = Server::start(&place);
    for n in 0..50_u64 {
        let body = draft(&format!("H{n}"));
        let mut stream = TcpStream::connect(&server.addr).unwrap();
        let head = format!(
            "POST {ORDERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes());
        let sent = if n % 3 == 0 { body.len() / 2 } else { body.len() };
        let _ = stream.write_all(&body.as_bytes()[..sent]);
        std::thread::park_timeout(Duration::from_micros(n * 150));
        drop(stream);
    }
    let (status, _) = api(&server.addr, &token, ("POST", ORDERS, &draft("after")));
    assert_eq!(status, 201, "the writer is free");
    let (_, body) =
        api(&server.addr, &token, ("GET", &format!("{ORDERS}?state=draft&size=100"), ""));
    let list: Value = serde_json::from_str(&body).unwrap();
    assert!(list["items"].as_array().unwrap().iter().all(|o| o["lines"].as_i64().unwrap() >= 1));
    drop(server);
    assert!(place.run(&["verify"]).contains(" 0 faults"));
}

#[test]
fn stopping_under_load_answers_what_was_begun() {
    let place = Place::sqlite();
    let token = prepared(&place);
    let mut server = Server::start(&place);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (addr, token) = (server.addr.clone(), token.clone());
            std::thread::spawn(move || make_orders(&addr, &token, (9, client)))
        })
        .collect();
    std::thread::park_timeout(Duration::from_millis(500));
    server.signal("TERM");
    assert_eq!(server.wait(Duration::from_secs(30)), Some(0));
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(ask(&server.addr, "GET /livez HTTP/1.1", "").0, 0);
    assert!(place.run(&["verify"]).contains(" 0 faults"));
}
