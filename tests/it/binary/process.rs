//! The program as a process of its own, and a plain HTTP client for it.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// The release program, where the test script made one.
fn release_program() -> Option<String> {
    std::env::vars().find(|(n, _)| n == "TRIBUTARY_BIN").map(|(_, v)| v)
}

pub fn has_release_program() -> bool {
    release_program().is_some()
}

/// The built program: the release one where the test script made it.
pub fn program() -> Command {
    let built = release_program();
    let mut command =
        Command::new(built.unwrap_or_else(|| env!("CARGO_BIN_EXE_tributary").to_owned()));
    command.env_clear().env("LOG", "warn").stdin(Stdio::null());
    command
}

/// A folder with a SQLite database in it, or a fresh PostgreSQL one.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub url: String,
}

impl Place {
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("t.db").display());
        Self { dir, url }
    }
    /// On PostgreSQL, migrated; `None` without a server.
    pub fn postgres() -> Option<Self> {
        let url = crate::harness::empty_postgres()?;
        let place = Self { dir: tempfile::tempdir().unwrap(), url };
        place.run(&["migrate"]);
        Some(place)
    }
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.args(args).env("DATABASE_URL", &self.url).current_dir(self.dir.path());
        command
    }
    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
    /// Standard output of a command that must succeed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        let out = self.output(args);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }
    /// What a command that must fail says.
    #[track_caller]
    pub fn fails(&self, args: &[&str]) -> String {
        let out = self.output(args);
        assert!(!out.status.success(), "{args:?} succeeded");
        let text = String::from_utf8(out.stderr).unwrap();
        assert!(!text.contains("panicked"), "{text}");
        text
    }
    /// A company `acme` with an admin and a token.
    pub fn company(&self) -> String {
        let mut child = self.command(&["user", "create", "ann@example.com", "--password-stdin"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"correct horse battery\n").unwrap();
        assert!(child.wait().unwrap().success());
        self.run(&["company", "create", "acme", "--name", "Acme", "--admin", "ann@example.com"]);
        self.run(&["token", "create", "--user", "ann@example.com", "--company", "acme"])
            .trim()
            .to_owned()
    }
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }
}

/// The server, killed when dropped.
pub struct Server {
    pub child: Child,
    pub addr: String,
}

impl Server {
    /// What it takes of the machine's memory now, in MiB.
    pub fn memory(&self) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find(|l| l.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
    }
    pub fn start(place: &Place) -> Self {
        Self::spawn(place.command(&["serve", "--bind", "127.0.0.1:0"]))
    }
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("http://") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "the server ended");
        }
        let addr = line.trim().rsplit("http://").next().unwrap().to_owned();
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { child, addr }
    }
    pub fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
    /// Waits for the end, at most so long.
    pub fn wait(&mut self, at_most: Duration) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < at_most {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        None
    }
}
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own; status 0 if there was no whole answer.
pub fn ask(addr: &str, head: &str, body: &str) -> (u16, String) {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let length = body.len();
        write!(
            stream,
            "{head}\r\nHost: {addr}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = answer().unwrap_or_default();
    let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    (status, text.split_once("\r\n\r\n").map(|(_, b)| b.to_owned()).unwrap_or_default())
}

/// As a program with a token.
pub fn api(addr: &str, token: &str, (method, path, body): (&str, &str, &str)) -> (u16, String) {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json"
    );
    ask(addr, &head, body)
}

/// The project's folder beside which the shared one stands, if it does.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    found.exists().then_some(found)
}
