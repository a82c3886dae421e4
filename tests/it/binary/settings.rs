//! Settings: each is documented, and a wrong one is said to be wrong.
use super::process::{Place, Server, program};
use clap::CommandFactory;
use std::{collections::BTreeMap, process::Stdio};
use tributary::config::Cli;

/// Every environment variable of every command, with its default.
fn declared() -> BTreeMap<String, String> {
    fn walk(command: &clap::Command, out: &mut BTreeMap<String, String>) {
        for arg in command.get_arguments() {
            let Some(name) = arg.get_env() else { continue };
            let default =
                arg.get_default_values().first().map(|d| d.to_string_lossy().into_owned());
            out.insert(name.to_string_lossy().into_owned(), default.unwrap_or_default());
        }
        command.get_subcommands().for_each(|c| walk(c, out));
    }
    let mut out = BTreeMap::new();
    walk(&Cli::command(), &mut out);
    out
}

#[test]
fn the_example_file_names_every_setting_with_its_default() {
    let lines = include_str!("../../../.env.example")
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    let written: BTreeMap<String, String> = lines
        .map(|l| l.split_once('=').unwrap())
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect();
    assert_eq!(written, declared());
}

#[test]
fn a_setting_that_cannot_be_is_said_to_be_wrong() {
    for (name, value) in
        [("BIND", "nowhere"), ("SESSION_HOURS", "0"), ("LOG_FORMAT", "xml"), ("BODY_KIB", "many")]
    {
        let place = Place::sqlite();
        let out = place.command(&["serve"]).env(name, value).output().unwrap();
        let text = String::from_utf8(out.stderr).unwrap();
        assert!(!out.status.success() && text.contains(value), "{name}: {text}");
    }
    let place = Place::sqlite();
    place.file(".env", "DATABASE_URL='unclosed\n");
    let text = place.fails(&["check"]);
    assert!(text.contains(".env cannot be read"), "{text}");
    let out = program()
        .args(["migrate", "--database-url", "sqlite:/nowhere/at/all.db"])
        .output()
        .unwrap();
    assert!(
        !out.status.success() && String::from_utf8_lossy(&out.stderr).contains("cannot be opened")
    );
}

#[test]
fn a_database_that_cannot_be_is_refused_by_name() {
    for url in ["", "mysql:foo", "sqlite:", "t.db"] {
        let mut place = Place::sqlite();
        place.url = url.to_owned();
        let text = place.fails(&["check"]);
        assert!(
            text.contains("database-url") && text.contains("write sqlite:PATH"),
            "{url}: {text}"
        );
    }
}

#[test]
fn who_reads_the_beginning_of_an_export_is_not_told_of_a_fault() {
    let place = Place::sqlite();
    place.company();
    place.run(&["generate", "--company", "acme", "--orders", "3000"]);
    let mut child = place.command(&["export", "orders", "--company", "acme", "--format", "csv"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn what_only_looks_makes_no_database() {
    let place = Place::sqlite();
    let export = ["export", "orders", "--company", "acme", "--format", "csv"];
    let looks: [&[&str]; 5] =
        [&["check"], &["verify"], &["verify", "--json"], &["digest", "--company", "acme"], &export];
    for args in looks {
        let text = place.fails(args);
        assert!(text.contains("there is no database at"), "{text}");
    }
    place.run(&["migrate"]);
    assert!(place.run(&["check"]).contains("ready to serve"));
}

#[test]
fn a_flag_of_the_server_before_a_word_is_not_passed_over() {
    let place = Place::sqlite();
    for word in ["serve", "demo", "check"] {
        let text = place.fails(&["--bind", "127.0.0.1:0", word]);
        assert!(text.contains(&format!("write `--bind` after `{word}`")), "{text}");
    }
    place.run(&["--log", "warn", "migrate"]);
}

#[test]
fn a_taken_port_is_named() {
    let place = Place::sqlite();
    let server = Server::start(&place);
    let text = place.fails(&["serve", "--bind", &server.addr]);
    assert!(text.contains("Another program listens on") && text.contains("--bind"), "{text}");
}

#[test]
fn a_newer_database_is_left_alone() {
    let place = Place::sqlite();
    place.run(&["migrate"]);
    let db = place.url.trim_start_matches("sqlite:").to_owned();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let mut conn = sqlx::SqliteConnection::connect(&db).await.unwrap();
        sqlx::raw_sql(newer).execute(&mut conn).await.unwrap();
    });
    let text = place.fails(&["serve"]);
    assert!(text.contains("newer Tributary"), "{text}");
}
