//! The table of routes is what answers, and each route lets through whom the policy names.
use crate::{
    harness::{Actor, TestApp},
    stories,
};
use axum::{
    body::Body,
    http::{Method, Request},
};
use std::collections::{BTreeMap, BTreeSet};
use tributary::web::routes::{Access, Route, table};
use uuid::Uuid;

const POLICY: &str = include_str!("../policy.txt");
const ROLES: [&str; 6] = ["viewer", "clerk", "lead", "warehouse", "finance", "admin"];

/// Route → the roles let through.
fn policy() -> BTreeMap<(String, String), BTreeSet<&'static str>> {
    let group = |word: &'static str| match word {
        "everybody" => ROLES.to_vec(),
        "readers" => vec!["viewer", "clerk", "lead", "finance", "admin"],
        "writers" => vec!["clerk", "lead", "admin"],
        "leads" => vec!["lead", "admin"],
        "-" => vec![],
        role => vec![role],
    };
    let lines = POLICY.lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let key = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
            (key, words.flat_map(group).collect())
        })
        .collect()
}

/// The ids of one record of each kind, by the last part of its list's URL.
pub async fn ids(app: &TestApp, slug: &str) -> BTreeMap<&'static str, String> {
    let program = app.program(slug);
    let mut out = BTreeMap::new();
    for kind in ["orders", "customers", "products", "tax-codes"] {
        let list = program.get(&format!("/api/v1/{slug}/main/{kind}")).await.expect(200).json();
        out.insert(kind, list["items"][0]["id"].as_str().unwrap().to_owned());
    }
    out
}

/// A route's path with its parameters filled in.
pub fn filled(path: &str, company: &str, ids: &BTreeMap<&'static str, String>) -> String {
    let kind = path
        .split('/')
        .find_map(|p| ids.get(p))
        .cloned()
        .unwrap_or_else(|| Uuid::nil().to_string());
    let values = [
        ("{company}", company),
        ("{world}", "main"),
        ("{id}", &kind),
        ("{seq}", "1"),
        ("{kind}", "customers"),
        ("{slug}", company),
        ("{file}", "none.css"),
    ];
    values.iter().fold(path.to_owned(), |p, (name, value)| p.replace(name, value))
}

/// Asks a route as a browser would.
pub async fn ask(actor: &mut Actor, route: &Route, url: &str) -> crate::harness::Answer {
    let request = Request::builder().method(route.method.clone()).uri(url);
    let request = request
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    actor.send(request.body(Body::empty()).unwrap()).await
}

fn for_browsers(route: &Route) -> bool {
    !matches!(route.access, Access::Token(_))
}

stories! {
    async fn every_role_is_let_through_where_the_policy_says_and_nowhere_else(app) {
        let (policy, ids) = (policy(), ids(app, "alpha").await);
        for role in ROLES {
            let signed_in = app.actor(role, "alpha").await;
            for route in table().iter().filter(|r| matches!(r.access, Access::Member(_) | Access::Platform)) {
                let key = (route.method.to_string(), route.path.to_owned());
                let allowed = policy.get(&key).unwrap_or_else(|| panic!("{key:?} is not in tests/policy.txt"));
                let answer = ask(&mut signed_in.clone(), route, &filled(route.path, "alpha", &ids)).await;
                assert_eq!(answer.status != 403, allowed.contains(role), "{role} {key:?}: {}", answer.status);
                assert!(answer.status.as_u16() < 500, "{role} {key:?}: {}", answer.body);
            }
        }
        let known: BTreeSet<_> = table().iter().map(|r| (r.method.to_string(), r.path.to_owned())).collect();
        let stale: Vec<_> = policy.keys().filter(|k| !known.contains(*k)).collect();
        assert!(stale.is_empty(), "routes that are gone: {stale:?}");
    }

    async fn a_token_may_what_its_owner_may_on_the_pages_and_nothing_else(app) {
        let (policy, ids) = (policy(), ids(app, "alpha").await);
        for role in ROLES {
            let api = app.program_of(role, "alpha").await;
            for route in table().iter().filter(|r| matches!(r.access, Access::Token(_))) {
                // a page and its twin of the API stand under one line of the policy
                let method = if route.method == Method::PATCH { Method::POST } else { route.method.clone() };
                let key = (method.to_string(), route.path.trim_start_matches("/api/v1").to_owned());
                let own = (key.0.clone(), route.path.to_owned());
                let allowed = policy.get(&own).or_else(|| policy.get(&key));
                let allowed = allowed.unwrap_or_else(|| panic!("{key:?} is not in tests/policy.txt"));
                let body = (route.method != Method::GET).then(|| "{}".to_owned());
                let answer = api.send(route.method.clone(), &filled(route.path, "alpha", &ids), (body, None)).await;
                assert_eq!(answer.status != 403, allowed.contains(role), "{role} {} {}: {}", route.method, route.path, answer.status);
                assert!(answer.status.as_u16() < 500, "{role} {}: {}", route.path, answer.body);
                let foreign = filled(route.path, "beta", &ids);
                let body = (route.method != Method::GET).then(|| "{}".to_owned());
                assert_eq!(api.send(route.method.clone(), &foreign, (body, None)).await.status, 404, "{role} {foreign}");
            }
        }
    }

    async fn listed_routes_answer_and_unlisted_ones_do_not(app) {
        let (mut admin, ids) = (app.platform().await, ids(app, "alpha").await);
        for route in table().iter().filter(|r| for_browsers(r)) {
            let answer = ask(&mut admin.clone(), route, &filled(route.path, "alpha", &ids)).await;
            let static_file = route.path.starts_with("/static");
            let first_run = route.path == "/setup";
            assert_ne!(answer.status, 405, "{}", route.path);
            assert!(answer.status != 404 || static_file || first_run || route.path.contains("users/{id}"), "{}", route.path);
        }
        let mut rng = 7_u64;
        for _ in 0..500 {
            rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let answer = admin.get(&format!("/{:x}/{:x}/{:x}", rng >> 48, (rng >> 20) & 0xffff, rng & 0xfff)).await;
            assert_eq!(answer.status, 404);
        }
    }

    async fn without_a_session_every_page_leads_to_the_sign_in(app) {
        let ids = ids(app, "alpha").await;
        for route in table().iter().filter(|r| for_browsers(r) && !matches!(r.access, Access::Open | Access::Public)) {
            let url = filled(route.path, "alpha", &ids);
            let answer = ask(&mut app.nobody(), route, &url).await;
            if route.method == Method::GET {
                assert_eq!(answer.status, 303, "{url}");
                assert!(answer.header("location").starts_with("/login"), "{url}");
            } else {
                assert_eq!(answer.status, 401, "{url}");
            }
        }
    }

    async fn a_foreign_record_is_as_unknown_as_none(app) {
        let (ids, none) = (ids(app, "alpha").await, Uuid::from_bytes([0x77; 16]).to_string());
        let nothing: BTreeMap<_, _> = ids.keys().map(|k| (*k, none.clone())).collect();
        let before = (app.digest("alpha").await, app.digest("beta").await);
        for role in ["admin", "clerk", "viewer"] {
            let beta = app.actor(role, "beta").await;
            for route in table().iter().filter(|r| matches!(r.access, Access::Member(_))) {
                let theirs = ask(&mut beta.clone(), route, &filled(route.path, "alpha", &ids)).await;
                assert_eq!(theirs.status, 404, "{role} in alpha's {}", route.path);
                if !route.path.contains("{id}") {
                    continue;
                }
                let foreign = ask(&mut beta.clone(), route, &filled(route.path, "beta", &ids)).await;
                let unknown = ask(&mut beta.clone(), route, &filled(route.path, "beta", &nothing)).await;
                assert_eq!(foreign.status, unknown.status, "{role} {}", route.path);
                let masked = |a: &crate::harness::Answer| a.body.replace(a.header("x-request-id"), "id");
                assert_eq!(masked(&foreign), masked(&unknown), "{role} {}", route.path);
                assert!(!foreign.body.contains("ALPHA-CANARY"));
            }
        }
        assert_eq!((app.digest("alpha").await, app.digest("beta").await), before);
    }

    async fn reading_changes_nothing(app) {
        let (mut admin, ids) = (app.actor("admin", "alpha").await, ids(app, "alpha").await);
        let before = app.digest("alpha").await;
        for route in table().iter().filter(|r| for_browsers(r) && r.method == Method::GET) {
            let url = filled(route.path, "alpha", &ids);
            admin.get(&url).await;
            let head = Request::head(&url).body(Body::empty()).unwrap();
            admin.send(head).await;
        }
        assert_eq!(app.digest("alpha").await, before);
    }
}
