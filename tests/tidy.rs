//! The house rules that a compiler cannot check, checked. Each says what is wrong, where, and what
//! to do instead. An exception is a line here with its reason; the lists only shrink.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};
use syn::{spanned::Spanned, visit::Visit};

struct Layer {
    dir: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
}

/// What each layer may name. What is not listed (`main.rs`, `cli`) may name anything.
const LAYERS: &[Layer] = &[
    Layer {
        dir: "src/domain",
        may: &["domain", "vocabulary"],
        never: &["axum", "sqlx", "askama", "tokio", "tower"],
    },
    Layer {
        dir: "src/store",
        may: &["domain", "store", "from_row"],
        never: &["axum", "askama", "tower"],
    },
    Layer {
        dir: "src/service",
        may: &["domain", "store", "service", "app", "hashing", "vocabulary"],
        never: &["axum", "sqlx", "askama"],
    },
    Layer { dir: "src/web", may: &["domain", "service", "web", "app", "config"], never: &["sqlx"] },
];
/// Longest function bodies, in lines between the braces.
const LENGTHS: &[(&str, usize)] = &[("src/web/handlers", 20), ("src", 40)];
/// Functions that are tables: one line for each entry.
const TABLES: &[(&str, &str)] =
    &[("src/domain/input.rs", "of_text"), ("src/store/db/row.rs", "tuples")];
/// Where text is vouched for or a failure is declared impossible: (what, file, how often, why).
const REVIEWED: &[(&str, &str, usize, &str)] = &[
    (
        "AssertSqlSafe(",
        "src/store/db/mod.rs",
        1,
        "a company's id: a UUID's text has no quote in it",
    ),
    (
        "AssertSqlSafe(",
        "src/store/db/open.rs",
        1,
        "a role's name: letters, digits, underscores, checked",
    ),
    (
        "AssertSqlSafe(",
        "src/store/db/stmt.rs",
        1,
        "the builder: parts are `&'static str`, data binds",
    ),
    (".expect(", "src/domain/record.rs", 2, "structs of text, numbers and lists serialise"),
];
const FILE_LINES: usize = 400;
const TEMPLATE_LINES: usize = 120;
#[test]
fn the_house_is_tidy() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for dir in ["src", "tests"] {
        for path in files(&root.join(dir), "rs") {
            rust(&name(&root, &path), &fs::read_to_string(&path).unwrap(), &mut found);
        }
    }
    for path in files(&root.join("templates"), "html") {
        template(&name(&root, &path), &fs::read_to_string(&path).unwrap(), &mut found);
    }
    migrations(&root, &mut found);
    code_map(&root, &mut found);
    assert!(found.is_empty(), "\n{}\n\n{} things to tidy\n", found.join("\n"), found.len());
}

fn name(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_string_lossy().into_owned()
}

fn rust(name: &str, text: &str, found: &mut Vec<String>) {
    let mut say = |line: usize, what: &str| found.push(format!("{name}:{line}: {what}"));
    if !text.starts_with("//!") {
        say(1, "start the file with a `//!` line that says what lives here");
    }
    let lines = text.lines().count();
    if lines > FILE_LINES {
        say(lines, &format!("{lines} lines: split the file (limit {FILE_LINES})"));
    }
    let src = name.starts_with("src/");
    for (i, line) in text.lines().enumerate().filter(|_| src) {
        for (bad, instead) in [
            ("todo!(", "write it"),
            ("dbg!(", "remove it"),
            ("println!(", "use tracing"),
            ("TODO", "do it or leave it out"),
            ("#[ignore", "assert today's behaviour and say why it is wrong"),
            ("#[allow(", "use #[expect(…, reason = …)]"),
        ] {
            if line.contains(bad) && !line.contains("cargo:") {
                say(i + 1, &format!("`{bad}`: {instead}"));
            }
        }
        if line.contains("AssertSqlSafe") && !name.starts_with("src/store/db/") {
            say(i + 1, "only src/store/db may vouch for SQL text");
        }
    }
    if src {
        reviewed(name, text, found);
    }
    let file = syn::parse_file(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut seen = Seen::default();
    seen.visit_file(&file);
    if src {
        layers(name, &seen, found);
        lengths(name, &seen, found);
        statements(name, &seen, found);
    }
}

/// What vouches for something is counted and known.
fn reviewed(name: &str, text: &str, found: &mut Vec<String>) {
    let calls =
        ["AssertSqlSafe(", ".expect(", ".unwrap()", "unreachable!(", "|safe", "escape = \"none\""];
    for call in calls {
        let uses = program(text).filter(|l| l.contains(call)).count();
        let known = REVIEWED.iter().find(|(w, f, ..)| *w == call && *f == name).map_or(0, |r| r.2);
        if uses != known {
            found.push(format!(
                "{name}: `{call}` {uses} times, {known} reviewed: take it out, or list it with its reason"
            ));
        }
    }
}

/// The lines before a file's own tests.
fn program(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|l| !l.starts_with("#[cfg(test)]"))
}

fn layers(name: &str, seen: &Seen, found: &mut Vec<String>) {
    let Some(layer) = LAYERS.iter().find(|l| name.starts_with(l.dir)) else { return };
    for (line, krate, next) in &seen.paths {
        if krate == "crate" && !layer.may.contains(&next.as_str()) {
            found.push(format!("{name}:{line}: {} may not use crate::{next}", layer.dir));
        }
        if layer.never.contains(&krate.as_str()) {
            found.push(format!("{name}:{line}: {} may not use {krate}", layer.dir));
        }
    }
}

fn lengths(name: &str, seen: &Seen, found: &mut Vec<String>) {
    let limit = LENGTHS.iter().find(|(dir, _)| name.starts_with(dir)).map_or(usize::MAX, |x| x.1);
    for (line, f, len) in &seen.functions {
        if *len > limit && !TABLES.contains(&(name, f.as_str())) {
            found.push(format!("{name}:{line}: fn {f} has {len} lines (limit {limit})"));
        }
    }
}

fn statements(name: &str, seen: &Seen, found: &mut Vec<String>) {
    for (line, sql) in &seen.strings {
        let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
        if !verbs.iter().any(|v| sql.trim_start().starts_with(v)) {
            continue;
        }
        if !name.starts_with("src/store") {
            found.push(format!("{name}:{line}: SQL outside src/store"));
        }
        if sql.contains("SELECT *") {
            found.push(format!("{name}:{line}: name the columns"));
        }
    }
}

#[derive(Default)]
struct Seen {
    paths: Vec<(usize, String, String)>,
    functions: Vec<(usize, String, usize)>,
    strings: Vec<(usize, String)>,
}

impl<'a> Visit<'a> for Seen {
    fn visit_item_mod(&mut self, m: &'a syn::ItemMod) {
        if !m.attrs.iter().any(|a| a.path().is_ident("cfg")) {
            syn::visit::visit_item_mod(self, m);
        }
    }
    fn visit_path(&mut self, p: &'a syn::Path) {
        let mut s = p.segments.iter().map(|s| s.ident.to_string());
        if p.segments.len() > 1 {
            self.paths.push((p.span().start().line, s.next().unwrap(), s.next().unwrap()));
        }
        syn::visit::visit_path(self, p);
    }
    fn visit_use_path(&mut self, p: &'a syn::UsePath) {
        for next in names(&p.tree) {
            self.paths.push((p.span().start().line, p.ident.to_string(), next));
        }
    }
    fn visit_item_fn(&mut self, f: &'a syn::ItemFn) {
        self.function(&f.sig.ident, &f.block);
        syn::visit::visit_item_fn(self, f);
    }
    fn visit_impl_item_fn(&mut self, f: &'a syn::ImplItemFn) {
        self.function(&f.sig.ident, &f.block);
        syn::visit::visit_impl_item_fn(self, f);
    }
    fn visit_lit_str(&mut self, s: &'a syn::LitStr) {
        self.strings.push((s.span().start().line, s.value()));
    }
}

impl Seen {
    fn function(&mut self, name: &syn::Ident, block: &syn::Block) {
        let (a, b) = (block.span().start().line, block.span().end().line);
        self.functions.push((a, name.to_string(), (b - a).saturating_sub(1)));
    }
}

fn names(t: &syn::UseTree) -> Vec<String> {
    match t {
        syn::UseTree::Path(p) => vec![p.ident.to_string()],
        syn::UseTree::Name(n) => vec![n.ident.to_string()],
        syn::UseTree::Rename(r) => vec![r.ident.to_string()],
        syn::UseTree::Group(g) => g.items.iter().flat_map(names).collect(),
        syn::UseTree::Glob(_) => vec!["*".into()],
    }
}

fn template(name: &str, text: &str, found: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > TEMPLATE_LINES {
        found.push(format!("{name}: {lines} lines: split it (limit {TEMPLATE_LINES})"));
    }
    for (i, line) in text.lines().enumerate() {
        let mut say = |what: &str| found.push(format!("{name}:{}: {what}", i + 1));
        if line.contains("|safe") || line.contains("| safe") {
            say("`safe` turns escaping off: pass a template");
        }
        if line.contains("<style") || line.contains(" style=") {
            say("inline style: the CSP forbids it");
        }
        if line.contains("<script") && !line.contains("src=") {
            say("inline script: the CSP forbids it");
        }
        if [" onclick=", " onchange=", " onsubmit=", "hx-on", "\"js:"]
            .iter()
            .any(|h| line.contains(h))
        {
            say("inline handler: the CSP forbids it");
        }
    }
}

/// Both engines have the same migrations by name.
fn migrations(root: &Path, found: &mut Vec<String>) {
    let of = |engine: &str| {
        let all = files(&root.join("migrations").join(engine), "sql");
        all.iter()
            .map(|p| p.file_name().unwrap().to_string_lossy().into_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    for m in of("sqlite").symmetric_difference(&of("postgres")) {
        found.push(format!("migrations: {m} exists for one engine only"));
    }
}

/// Every path that the architecture's document names is there.
fn code_map(root: &Path, found: &mut Vec<String>) {
    let text = fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap();
    let named = text.split('`').skip(1).step_by(2);
    for path in named.filter(|p| p.contains('/') && !p.contains(' ') && !p.contains('*')) {
        let place = [root.join(path), root.join("src").join(path), root.join("src/web").join(path)];
        if !place.iter().any(|p| p.exists()) {
            found.push(format!("docs/ARCHITECTURE.md names {path}, which is not there"));
        }
    }
}

fn files(dir: &Path, ext: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return vec![] };
    let mut out = Vec::new();
    for p in entries.flatten().map(|e| e.path()) {
        if p.is_dir() {
            out.extend(files(&p, ext));
        } else if p.extension().is_some_and(|x| x == ext) {
            out.push(p);
        }
    }
    out.sort();
    out
}
