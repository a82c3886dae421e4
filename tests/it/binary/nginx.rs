//! nginx in front with the configuration of docs/nginx, what it answers itself included.
use super::process::{Place, Server};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

const CONFIG: &str = include_str!("../../../docs/nginx/tributary.conf");
const HEADERS: &str = include_str!("../../../docs/nginx/tributary-headers.inc");

/// nginx before a server, on two free ports, with a certificate of its own.
struct Nginx {
    child: Child,
    plain: u16,
    tls: u16,
}

impl Nginx {
    fn before(server: &Server, place: &Place) -> Self {
        let [plain, tls] = [free_port(), free_port()];
        certificate(place);
        std::fs::create_dir(place.path("conf.d")).unwrap();
        let dir = place.dir.path().display();
        let config = [
            ("127.0.0.1:8000", server.addr.clone()),
            ("listen 80;", format!("listen 127.0.0.1:{plain};")),
            ("listen 443 ", format!("listen 127.0.0.1:{tls} ")),
            ("/etc/ssl/certs/orders.example.com.pem", format!("{dir}/cert.pem")),
            ("/etc/ssl/private/orders.example.com.key", format!("{dir}/key.pem")),
        ]
        .into_iter()
        .fold(CONFIG.to_owned(), |config, (from, to)| {
            assert!(config.contains(from), "the configuration says {from}");
            config.replace(from, &to)
        });
        place.file("conf.d/tributary.conf", config);
        place.file("conf.d/tributary-headers.inc", HEADERS);
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(user.stdout).unwrap();
        let main = place.file(
            "nginx.conf",
            format!(
                "user {}; daemon off; pid {dir}/nginx.pid; events {{}}\n\
                 http {{ access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; include conf.d/*.conf; }}",
                user.trim()
            ),
        );
        let log = place.path("nginx.log").display().to_string();
        let child = Command::new("nginx")
            .args(["-p", &dir.to_string(), "-e", &log, "-c", &main])
            .spawn()
            .unwrap();
        let mut nginx = Self { child, plain, tls };
        while TcpStream::connect(("127.0.0.1", tls)).is_err() {
            let ended = nginx.child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(&log).unwrap());
            std::thread::park_timeout(Duration::from_millis(20));
        }
        nginx
    }

    /// What comes back for these bytes over TLS.
    fn says(&self, bytes: impl AsRef<[u8]>) -> Said {
        let mut client = Command::new("openssl")
            .args(["s_client", "-quiet", "-ign_eof", "-servername", "orders.example.com"])
            .args(["-connect", &format!("127.0.0.1:{}", self.tls)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // nginx may answer and close before it has read all
        let _ = client.stdin.take().unwrap().write_all(bytes.as_ref());
        let said = Said::read(client.stdout.take().unwrap());
        let _ = client.kill();
        client.wait().unwrap();
        said
    }

    fn says_plainly(port: u16, bytes: &str) -> Said {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        Said::read(stream)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // its workers end with it only if it is asked
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// An answer as it came.
struct Said {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Said {
    /// The head, and as much of a body as it tells; without a length, up to the end.
    fn read(stream: impl Read) -> Self {
        let mut stream = BufReader::new(stream);
        let mut lines = vec![];
        loop {
            let mut line = String::new();
            assert!(stream.read_line(&mut line).unwrap() > 0, "no answer, but {lines:?}");
            if line == "\r\n" {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines[1..]
            .iter()
            .filter_map(|l| l.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(n, _)| n == "content-length");
        let length = length.map_or(u64::MAX, |(_, v)| v.parse().unwrap());
        let mut body = String::new();
        stream.take(length).read_to_string(&mut body).unwrap();
        Self { status, headers, body }
    }
    fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let value = values.next().unwrap_or_else(|| panic!("{}: no {name}", self.status));
        assert!(values.next().is_none(), "{}: {name} twice", self.status);
        value
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn certificate(place: &Place) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=orders.example.com", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(place.dir.path())
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

fn get(path: &str) -> String {
    request("GET", path, "", "")
}

fn request(method: &str, path: &str, more: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: orders.example.com\r\nConnection: close\r\n{more}\r\n{body}"
    )
}

#[test]
fn what_nginx_answers_itself_has_the_same_headers_and_a_page() {
    let there = |program: &str| Command::new(program).arg("version").output().is_ok();
    if !there("nginx") || !there("openssl") {
        eprintln!(
            "left out: what_nginx_answers_itself_has_the_same_headers_and_a_page (no nginx or no openssl)"
        );
        return;
    }
    let place = Place::sqlite();
    place.company();
    let mut server = Server::start(&place);
    let nginx = Nginx::before(&server, &place);
    let ours = nginx.says(get("/login"));
    assert_eq!(ours.status, 200);
    let whole = |said: &Said, own_policy: bool| {
        for name in crate::answers::EVERYWHERE {
            match name {
                "content-security-policy" | "x-request-id" => {
                    assert!(!said.header(name).is_empty());
                }
                _ => assert_eq!(said.header(name), ours.header(name), "{}: {name}", said.status),
            }
        }
        assert!(!said.header("cache-control").is_empty());
        let policy = said.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-"), "{policy}");
        assert_eq!(policy == ours.header("content-security-policy"), !own_policy);
        assert_eq!(said.header("server"), "nginx", "no version");
        assert!(!said.body.contains("nginx/"), "{}", said.body);
        let kinds = ["text/html; charset=utf-8", "application/problem+json"];
        assert!(said.status < 400 || kinds.contains(&said.header("content-type")));
    };
    whole(&ours, false);
    whole(&nginx.says(get("/nothing-here")), false);
    whole(&nginx.says(get("/acme/main/orders")), false);
    whole(&nginx.says(get("/livez")), false);

    let long = "a".repeat(40_000);
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3000000\r\n";
    let refused = [
        (400, "\x01\x02 nonsense\r\n\r\n".to_owned()),
        (400, request("GET", "/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "")),
        (405, request("TRACE", "/", "", "")),
        (413, request("POST", "/login", form, "")),
        (413, request("POST", "/api/v1/acme/main/orders", form, "")),
        (414, get(&format!("/{long}"))),
        (400, request("GET", "/", &format!("X-Long: {long}\r\n"), "")),
    ];
    for (status, bytes) in &refused {
        let said = nginx.says(bytes);
        let asked: String = bytes.chars().take(80).collect();
        assert_eq!(said.status, *status, "{asked} {}", said.body);
        whole(&said, true);
        answers_with_a_page(&said, bytes.contains("/api/"));
    }
    let moved = Nginx::says_plainly(nginx.plain, &get("/acme/main/orders?q=1"));
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), "https://orders.example.com/acme/main/orders?q=1");
    whole(&moved, true);
    let plain = Nginx::says_plainly(nginx.tls, &get("/"));
    assert_eq!(plain.status, 400);
    whole(&plain, true);

    server.signal("TERM");
    server.wait(Duration::from_secs(30));
    for path in ["/acme/main/orders", "/api/v1/acme/main/orders"] {
        let said = nginx.says(get(path));
        assert_eq!((said.status, said.header("retry-after")), (502, "2"));
        whole(&said, true);
        answers_with_a_page(&said, path.starts_with("/api"));
    }
}

/// Words for people or for programs, and no style but the one that the policy knows.
fn answers_with_a_page(said: &Said, json: bool) {
    assert!(!said.body.contains("nginx"), "{}", said.body);
    if json {
        let problem: serde_json::Value = serde_json::from_str(&said.body).unwrap();
        assert_eq!(problem["status"], said.status);
        assert_eq!(problem["request_id"], said.header("x-request-id"));
        return;
    }
    let style = said.body.split("<style>").nth(1).and_then(|s| s.split("</style>").next()).unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    assert!(said.header("content-security-policy").contains(&format!("'sha256-{hash}'")));
    assert!(said.body.contains("<h1>") && said.body.contains(said.header("x-request-id")));
}
