//! Signing in and out, what a session is, and requests that another site asks for.
use crate::{
    harness::{Actor, PASSWORD, TestApp},
    stories,
};
use axum::{body::Body, http::Request};
use std::time::Instant;
use tributary::web::routes::table;

const HOME: &str = "/alpha/main";

fn cookie(actor: &Actor) -> String {
    actor.cookies["__Host-tributary"].clone()
}

async fn alive(app: &TestApp, cookie: &str) -> bool {
    let mut browser = app.nobody();
    browser.cookies.insert("__Host-tributary".into(), cookie.into());
    browser.get(HOME).await.status == 200
}

/// The least and the largest of the median times of refused sign-ins, in microseconds.
async fn medians(nobody: &mut Actor, people: &[&str]) -> (u128, u128) {
    let mut times = vec![vec![]; people.len()];
    for _ in 0..40 {
        for (i, email) in people.iter().enumerate() {
            let begun = Instant::now();
            let fields = [("email", *email), ("password", "not the password")];
            nobody.post("/login", &fields).await.expect(422);
            times[i].push(begun.elapsed().as_micros());
        }
    }
    let median = |t: &mut Vec<u128>| {
        t.sort_unstable();
        t[t.len() / 2]
    };
    let medians: Vec<u128> = times.iter_mut().map(median).collect();
    (*medians.iter().min().unwrap(), *medians.iter().max().unwrap())
}

stories! {
    async fn a_forgotten_password_is_replaced_by_the_platform_and_ends_the_sessions(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let mut platform = app.platform().await;
        let given = |email: &'static str, new: &'static str| [("person", email), ("new_password", new)];
        platform.post("/admin/passwords", &given("nobody@example.com", "another secret 42")).await.expect(422);
        platform.post("/admin/passwords", &given("clerk@alpha.example.com", "short")).await.expect(422);
        clerk.get("/alpha/main").await.expect(200);
        platform.post("/admin/passwords", &given("clerk@alpha.example.com", "another secret 42")).await.expect(303);
        clerk.get("/alpha/main").await.expect(303);
        let mut again = app.nobody();
        again.sign_in("clerk@alpha.example.com", "another secret 42").await;
        again.get("/alpha/main").await.expect(200);
    }

    async fn the_cookie_is_one_that_nobody_else_can_read_or_set(app) {
        let mut nobody = app.nobody();
        assert!(nobody.get("/login").await.headers.get("set-cookie").is_none());
        let answer = nobody.sign_in("clerk@alpha.example.com", PASSWORD).await;
        let text = answer.headers.get_all("set-cookie").iter().find_map(|v| v.to_str().ok().filter(|t| t.starts_with("__Host-tributary="))).unwrap();
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("Domain"));
        assert!(text.split(['=', ';']).nth(1).unwrap().len() >= 22, "128 bits: {text}");
    }

    async fn an_id_that_was_there_before_is_never_signed_in(app) {
        let mut victim = app.nobody();
        victim.cookies.insert("__Host-tributary".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
        victim.sign_in("clerk@alpha.example.com", PASSWORD).await;
        assert_ne!(cookie(&victim), "AAAAAAAAAAAAAAAAAAAAAA");
        assert!(!alive(app, "AAAAAAAAAAAAAAAAAAAAAA").await);
        let first = cookie(&victim);
        victim.sign_in("clerk@alpha.example.com", PASSWORD).await;
        assert!(!alive(app, &first).await, "the session before is over");
        assert!(alive(app, &cookie(&victim)).await);
    }

    async fn signing_out_ends_the_session_for_requests_under_way_too(app) {
        for _ in 0..20 {
            let mut clerk = app.actor("clerk", "alpha").await;
            let id = cookie(&clerk);
            app.app.clock.advance(120); // so that each request writes when it was last seen
            let mut others: Vec<Actor> = (0..4).map(|_| clerk.clone()).collect();
            let reads = others.iter_mut().map(|o| o.get(HOME));
            let (out, _) = tokio::join!(clerk.post::<&str, &str>("/logout", &[]), futures_util::future::join_all(reads));
            assert_eq!(out.status, 303);
            assert!(out.header("clear-site-data").contains("cache"));
            let gone = out.headers.get_all("set-cookie").iter().any(|v| v.to_str().is_ok_and(|t| t.starts_with("__Host-tributary=;") && t.contains("Secure")));
            assert!(gone, "{:?}", out.headers);
            assert!(!alive(app, &id).await, "came back to life");
        }
    }

    async fn a_session_ends_by_time(app) {
        let idle = app.app.web.session_idle_minutes * 60;
        let clerk = app.actor("clerk", "alpha").await;
        let id = cookie(&clerk);
        app.app.clock.advance(idle - 10);
        assert!(alive(app, &id).await, "reading keeps it awake");
        app.app.clock.advance(idle - 10);
        assert!(alive(app, &id).await);
        app.app.clock.advance(idle + 1);
        assert!(!alive(app, &id).await, "fell asleep");
        let clerk = app.actor("clerk", "alpha").await;
        for _ in 0..(app.app.web.session_hours * 3600 / (idle - 60)) {
            app.app.clock.advance(idle - 60);
            alive(app, &cookie(&clerk)).await;
        }
        app.app.clock.advance(idle - 60);
        assert!(!alive(app, &cookie(&clerk)).await, "whatever happens");
    }

    async fn a_disabled_person_and_a_changed_role_count_at_once(app) {
        let (mut admin, mut clerk) = (app.actor("admin", "alpha").await, app.actor("clerk", "alpha").await);
        clerk.get("/alpha/main/orders/new").await.expect(200);
        let fields = [("email", "clerk@alpha.example.com"), ("role", "viewer"), ("active", "true")];
        admin.post("/alpha/main/members", &fields).await.expect(303);
        clerk.get("/alpha/main/orders/new").await.expect(403);
        let fields = [("email", "clerk@alpha.example.com"), ("role", "viewer"), ("active", "false")];
        admin.post("/alpha/main/members", &fields).await.expect(303);
        clerk.get(HOME).await.expect(404);
    }

    async fn a_refused_sign_in_does_not_tell_whether_the_person_exists(app) {
        let mut platform = app.platform().await;
        let page = platform.get("/admin").await.expect(200);
        let viewer = page.attrs("form[action^='/admin/users/']", "action").into_iter().next_back().unwrap();
        platform.post(&viewer, &[("active", "false")]).await.expect(303);
        let disabled = page.texts("section:nth-of-type(2) tbody tr td:nth-child(2)").pop().unwrap();
        let mut nobody = app.nobody();
        let mut answers = vec![];
        for email in ["clerk@alpha.example.com", "nobody@example.com", disabled.as_str()] {
            let password = if email == disabled { PASSWORD } else { "not the password" };
            let answer = nobody.post("/login", &[("email", email), ("password", password)]).await.expect(422);
            answers.push((answer.body.replace(email, "E"), answer.headers.len()));
        }
        assert!(answers.iter().all(|a| *a == answers[0]));
        // noise only adds: one quiet round of a few is enough
        let people = ["clerk@alpha.example.com", "nobody@example.com", &disabled];
        let mut rounds = vec![];
        for _ in 0..5 {
            rounds.push(medians(&mut nobody, &people).await);
            let (least, most) = rounds[rounds.len() - 1];
            if most * 10 < least * 11 {
                return;
            }
        }
        panic!("medians more than 10 % apart in every round: {rounds:?}");
    }

    async fn a_hash_with_weak_parameters_is_made_anew_at_the_next_sign_in(app) {
        use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 1, 1, None).unwrap());
        let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        app.database.tamper(&format!("UPDATE users SET password_hash = '{weak}' WHERE email_key = 'clerk@alpha.example.com'")).await;
        app.actor("clerk", "alpha").await;
        let mut tx = app.app.db.read_accounts().await.unwrap();
        let now = tributary::store::accounts::login(&mut tx, "clerk@alpha.example.com").await.unwrap().unwrap();
        assert!(now.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", now.password_hash);
    }

    async fn what_the_database_keeps_of_a_session_signs_nobody_in(app) {
        let clerk = app.actor("clerk", "alpha").await;
        let mut tx = app.app.db.read_accounts().await.unwrap();
        let hashes: Vec<(Vec<u8>,)> = tx.sql("SELECT id_hash FROM sessions").all().await.unwrap();
        drop(tx);
        assert!(!hashes.is_empty());
        for (hash,) in hashes {
            let hex = tributary::domain::history::chain::hex(&hash);
            assert!(!alive(app, &hex).await && !alive(app, &hex[..22]).await);
        }
        assert!(alive(app, &cookie(&clerk)).await);
    }

    async fn only_our_own_pages_may_ask_for_changes(app) {
        let clerk = app.actor("admin", "alpha").await;
        let before = app.digest("alpha").await;
        let ids = crate::routes::ids(app, "alpha").await;
        let cases: [(Option<&str>, Option<&str>, bool); 14] = [
            (Some("same-origin"), None, true), (Some("none"), None, true),
            (Some("same-site"), None, false), (Some("cross-site"), None, false), (Some("garbage"), None, false),
            (Some("same-origin"), Some("http://evil.example"), true),
            (Some("cross-site"), Some("http://here.example"), false),
            (None, Some("http://here.example"), true), (None, Some("https://here.example"), true),
            (None, Some("http://here.example:81"), false), (None, Some("http://evil.example"), false),
            (None, Some("null"), false), (None, Some(""), false), (None, None, false),
        ];
        for (site, origin, passes) in cases {
            for route in table().iter().filter(|r| r.method != "GET" && !r.path.starts_with("/api/") && r.path != "/logout") {
                let mut request = Request::builder().method(route.method.clone()).uri(crate::routes::filled(route.path, "alpha", &ids));
                request = request.header("host", "here.example").header("content-type", "text/plain");
                for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
                let answer = clerk.clone().send(request.body(Body::empty()).unwrap()).await;
                let refused = answer.status == 403 && answer.body.contains("another site");
                assert_eq!(!refused, passes, "{site:?} {origin:?} {}: {}", route.path, answer.status);
            }
        }
        assert_eq!(app.digest("alpha").await, before);
    }

    async fn after_signing_in_one_stays_on_this_site(app) {
        for next in ["//evil.example", "/\\evil.example", "https:evil", "/%2f/evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1", "user@evil.example"] {
            let fields = [("email", "clerk@alpha.example.com"), ("password", PASSWORD), ("next", next)];
            let answer = app.nobody().post("/login", &fields).await.expect(303);
            assert_eq!(answer.header("location"), "/", "{next}");
        }
        let fields = [("email", "clerk@alpha.example.com"), ("password", PASSWORD), ("next", "/alpha/main/orders?q=a")];
        assert_eq!(app.nobody().post("/login", &fields).await.header("location"), "/alpha/main/orders?q=a");
    }
}
