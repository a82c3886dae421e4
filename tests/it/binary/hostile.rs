//! The program where things go wrong around it: a full disk, no database, a flood of sign-ins, logs
//! that somebody reads.
use super::process::{Place, Server, api, ask};
use serde_json::Value;
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin";

/// A server whose log is kept.
fn logged(place: &Place, settings: &[(&str, &str)]) -> (Server, Arc<Mutex<String>>) {
    let mut command = place.command(&["serve", "--bind", "127.0.0.1:0"]);
    command.envs(settings.iter().copied()).stderr(Stdio::piped());
    let mut server = Server::spawn(command);
    let (mut err, log) = (server.child.stderr.take().unwrap(), Arc::new(Mutex::new(String::new())));
    let kept = log.clone();
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(n @ 1..) = err.read(&mut bytes) {
            kept.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
    });
    (server, log)
}

fn no_secret_is_logged(place: &Place, dsn: Option<&str>) {
    let token = place.company();
    let (mut server, log) = logged(place, &[("LOG", "trace")]);
    let at = server.addr.clone();
    let sign_in = |password: &str| {
        let fields = format!("email=ann%40example.com&password={}", password.replace(' ', "+"));
        raw(&at, &format!("POST /login HTTP/1.1\r\n{FORM}"), &fields)
    };
    sign_in("a wrong Xsecret1 password");
    let answer = sign_in("correct horse battery");
    let cookie = answer
        .split("__Host-tributary=")
        .nth(1)
        .and_then(|c| c.split(';').next())
        .unwrap()
        .to_owned();
    let with = |head: &str, body: &str| {
        ask(&at, &format!("{head}\r\nCookie: __Host-tributary={cookie}\r\n{FORM}"), body)
    };
    assert_eq!(with("GET /acme/main/orders HTTP/1.1", "").0, 200);
    assert_eq!(with("GET /account HTTP/1.1", "").0, 200);
    with(
        "POST /account/password HTTP/1.1",
        "old=correct+horse+battery&new=another+Xsecret2+password",
    );
    with("POST /account/password HTTP/1.1", "old=%ff%fe&new=Xsecret3");
    assert_eq!(api(&at, &token, ("GET", "/api/v1/acme/main/orders", "")).0, 200);
    assert_eq!(
        api(&at, "tri_XSECRET4XSECRET4XSECRET4XSECRET4", ("GET", "/api/v1/acme/main/orders", "")).0,
        401
    );
    api(&at, &token, ("POST", "/api/v1/acme/main/orders", "{\"broken\": "));
    server.signal("TERM");
    server.wait(Duration::from_secs(30));
    let log = log.lock().unwrap().clone();
    assert!(log.contains("TRACE") && log.contains("sign_in_refused"), "the log was on");
    let hidden =
        ["Xsecret", "XSECRET4", "correct horse", "correct+horse", token.as_str(), cookie.as_str()];
    for secret in hidden.into_iter().chain(dsn) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

/// The whole answer, head and all.
fn raw(addr: &str, head: &str, body: &str) -> String {
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    write!(
        stream,
        "{head}\r\nHost: {addr}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn no_secret_is_logged_on_sqlite() {
    no_secret_is_logged(&Place::sqlite(), None);
}

#[test]
fn no_secret_is_logged_on_postgres() {
    let Some(mut place) = Place::postgres() else {
        eprintln!("left out: no_secret_is_logged_on_postgres (no TEST_POSTGRES)");
        return;
    };
    // the server trusts local connections, so any password opens it
    place.url = place.url.replace("tributary@", "tributary:dsnXsecret5@");
    no_secret_is_logged(&place, Some("dsnXsecret5"));
}

/// How long each answer took: those while nobody signed in, and those while hundreds did.
type Took = Mutex<[Vec<Duration>; 2]>;

#[test]
fn a_flood_of_sign_ins_does_not_starve_readers() {
    let place = Place::sqlite();
    let token = place.company();
    let server = Server::start(&place);
    let (read, crowd) = (Took::default(), Took::default());
    let (hashed, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let flooding = AtomicBool::new(false);
    let timed = |took: &Took, act: &dyn Fn(bool) -> bool| {
        while !stop.load(Ordering::SeqCst) {
            let (flood, begun) = (flooding.load(Ordering::SeqCst), Instant::now());
            if act(flood) && flood == flooding.load(Ordering::SeqCst) {
                took.lock().unwrap()[usize::from(flood)].push(begun.elapsed());
            }
        }
    };
    let reads = |_| {
        let (status, body) = api(&server.addr, &token, ("GET", "/api/v1/acme/main/orders", ""));
        assert_eq!(status, 200, "{body}");
        true
    };
    // as many connections that ask for nothing to be hashed are what a flood is measured against
    let crowds = |flood: bool| {
        let fields = "email=ann%40example.com&password=wrong";
        let head = format!("POST /login HTTP/1.1\r\n{FORM}");
        let (head, body) = if flood { (&*head, fields) } else { ("GET /login HTTP/1.1", "") };
        match (ask(&server.addr, head, body).0, flood) {
            (200, false) | (429 | 503, true) => true,
            // it waited for its turn
            (422, true) => {
                hashed.fetch_add(1, Ordering::SeqCst);
                false
            }
            (other, _) => panic!("it was answered with {other}"),
        }
    };
    let (mut before, mut grown) = (0, 0);
    std::thread::scope(|s| {
        for _ in 0..20 {
            s.spawn(|| timed(&read, &reads));
        }
        for _ in 0..200 {
            s.spawn(|| timed(&crowd, &crowds));
        }
        // turn by turn, so that what else the machine does weighs on both
        for turn in 0..10 {
            std::thread::park_timeout(Duration::from_secs(3));
            let now = server.memory();
            before = if turn == 0 { now } else { before };
            grown = grown.max(now.saturating_sub(before));
            flooding.fetch_xor(true, Ordering::SeqCst);
        }
        stop.store(true, Ordering::SeqCst);
    });
    for (who, took) in [("readers", read), ("refusals", crowd)] {
        let [calm, flood] = took.into_inner().unwrap().map(within_which_95_of_100);
        assert!(flood < calm * 6, "{who}: {calm:?} became {flood:?}");
    }
    assert!(hashed.into_inner() > 30, "those within the limits are served");
    assert!(grown < 2 * 20 + 64, "{grown} MiB more than {before}");
}

fn within_which_95_of_100(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    assert!(times.len() > 20, "{} answers", times.len());
    times[times.len() * 95 / 100]
}

#[test]
fn a_new_server_has_no_account_and_asks_for_its_own_code() {
    let place = Place::sqlite();
    let mut command = place.command(&["serve", "--bind", "127.0.0.1:0"]);
    for line in include_str!("../../../.env.example").lines() {
        if let Some((name, value)) = line.split_once('=').filter(|(n, _)| !n.starts_with('#')) {
            let ours = ["DATABASE_URL", "BIND"].contains(&name);
            if !ours && !value.is_empty() {
                command.env(name, value);
            }
        }
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut lines = [String::new(), String::new()];
    for line in &mut lines {
        std::io::BufRead::read_line(&mut out, line).unwrap();
    }
    let addr = lines[0].trim().rsplit("http://").next().unwrap().to_owned();
    let code = lines[1].trim().rsplit("code=").next().unwrap().to_owned();
    let _server = Server { child, addr: addr.clone() };
    for (email, password) in
        [("admin@example.com", "admin"), ("demo@example.com", "demo demo demo 42")]
    {
        let fields =
            format!("email={email}&password={password}").replace(' ', "+").replace('@', "%40");
        assert_eq!(ask(&addr, &format!("POST /login HTTP/1.1\r\n{FORM}"), &fields).0, 422);
    }
    let fields = |code: &str| {
        format!(
            "code={code}&name=Ann&email=ann%40example.com&password=correct+horse+battery&company=Acme&slug=acme&currency=GBP&timezone=Europe%2FLondon"
        )
    };
    let set_up = |code: &str| ask(&addr, &format!("POST /setup HTTP/1.1\r\n{FORM}"), &fields(code));
    for wrong in ["", "0000000000", "%00"] {
        let (status, body) = set_up(wrong);
        assert_eq!(status, 422);
        assert!(
            body.contains("not the code that the server printed")
                && body.contains("ann@example.com"),
            "{body}"
        );
    }
    assert_eq!(set_up(&code).0, 303);
    assert_eq!(set_up(&code).0, 404, "once only");
    assert_eq!(ask(&addr, "GET /setup HTTP/1.1", "").0, 404);
}

#[test]
fn a_full_disk_refuses_changes_and_heals() {
    let mount = tempfile::tempdir().unwrap();
    let on = |args: &[&str]| {
        Command::new("mount").args(args).arg(mount.path()).stderr(Stdio::null()).status()
    };
    if !on(&["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).is_ok_and(|s| s.success()) {
        eprintln!("left out: a_full_disk_refuses_changes_and_heals (needs the right to mount)");
        return;
    }
    let done = std::panic::catch_unwind(|| on_a_small_disk(mount.path()));
    let _ = Command::new("umount").arg("--lazy").arg(mount.path()).status();
    done.unwrap();
}

fn on_a_small_disk(at: &std::path::Path) {
    let place = Place { url: format!("sqlite:{}/t.db", at.display()), ..Place::sqlite() };
    let token = place.company();
    let server = Server::start(&place);
    let order = |i: usize| {
        let body = format!(
            "{{\"number\": \"C{i}\", \"name\": \"Customer {i}\", \"note\": \"{}\"}}",
            "long ".repeat(300)
        );
        api(&server.addr, &token, ("POST", "/api/v1/acme/main/customers", &body))
    };
    assert_eq!(order(0).0, 201);
    let filler = at.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let mut made = 1;
    let (status, body) = loop {
        let (status, body) = order(made);
        if status != 201 {
            break (status, body);
        }
        made += 1;
        assert!(made < 5000, "the disk never fills");
    };
    assert!(matches!(status, 503 | 507), "{status} {body}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert!(problem["detail"].as_str().unwrap().to_lowercase().contains("nothing was"), "{body}");
    let list = |size: usize| {
        api(&server.addr, &token, ("GET", &format!("/api/v1/acme/main/customers?size={size}"), ""))
    };
    assert_eq!(list(25).0, 200, "reading goes on");
    let sign_in = || {
        let fields = "email=ann%40example.com&password=correct+horse+battery";
        raw(&server.addr, &format!("POST /login HTTP/1.1\r\n{FORM}"), fields)
    };
    let refused = (0..300).map(|_| sign_in()).find(|answer| !answer.contains(" 303 "));
    let refused = refused.expect("no room was left for a session");
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("try again"), "{refused}");
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(order(made).0, 201, "it heals by itself");
    drop(server);
    let report = place.run(&["verify"]);
    assert!(
        report.contains(&format!("{} commits", made + 1)) && report.contains(" 0 faults"),
        "{made}: {report}"
    );
}

#[test]
fn a_database_that_cannot_be_reached_is_said_so_within_seconds() {
    let place = Place { url: "postgres://nobody@127.0.0.1:1/none".into(), ..Place::sqlite() };
    let begun = Instant::now();
    let text = place.fails(&["serve"]);
    assert!(text.contains("the database cannot be opened"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}
