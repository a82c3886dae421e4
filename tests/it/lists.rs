//! Lists, search, filters, fragments and files: what is found, in how many statements, by which index.
use crate::{
    harness::{Actor, Statements},
    stories,
};

const ORDERS: &str = "/alpha/main/orders";

async fn titles(actor: &mut Actor, query: &str) -> Vec<String> {
    actor.get(&format!("{ORDERS}?{query}")).await.expect(200).texts(".row-a")
}

stories! {
    async fn a_list_page_needs_at_most_four_statements(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let next = clerk.get(ORDERS).await.attrs("a[rel=next]", "href").remove(0);
        for url in [ORDERS, "/alpha/main/orders?state=draft&state=confirmed", "/alpha/main/orders?country=GB", "/alpha/main/orders?q=halvorsen", &next] {
            let seen = Statements::default();
            seen.of(clerk.get(url)).await.expect(200);
            let all = seen.texts();
            assert!(!all.is_empty() && all.len() <= 4, "{url}: {} {all:#?}", all.len());
        }
    }

    async fn search_finds_number_customer_sku_reference_and_note(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = crate::orders::new_order(&mut clerk, "3").await;
        let fields = [("customer_po", "Übergröße 77-X"), ("internal_note", "ring the bell")];
        clerk.submit(&format!("{url}/edit"), "#order-form", &fields).await.expect(303);
        clerk.post::<&str, &str>(&format!("{url}/confirmation"), &[]).await.expect(303);
        for q in ["SO-2026-00001", "so-2026", "uber", "bell", "ring+bell", "77-x"] {
            let found = titles(&mut clerk, &format!("q={q}")).await;
            assert!(found.contains(&"SO-2026-00001".to_owned()), "{q}: {found:?}");
        }
        assert!(titles(&mut clerk, "q=sku-00001").await.contains(&"SO-2026-00001".to_owned()));
        assert!(titles(&mut clerk, "q=nothing-like-this").await.is_empty());
        assert!(titles(&mut clerk, "q=BETA-CANARY").await.is_empty());
    }

    async fn the_beginning_of_a_word_finds_all_its_words_few_or_many(app) {
        let (api, mut clerk) = (app.program("alpha"), app.actor("clerk", "alpha").await);
        for n in 1..=40 {
            let body = serde_json::json!({"customer": "C-00001", "customer_po": format!("ulio{n:02} zeta"), "lines": [{"sku": "SKU-00001", "qty": 1}]});
            api.post("/api/v1/alpha/main/orders", &body).await.expect(201);
        }
        for (q, found) in [("ulio01", 1), ("ulio0", 9), ("ulio1", 10), ("zeta+ulio3", 10), ("ulio3+zet", 0), ("ulio", 40), ("zeta+ulio", 40), ("ulir", 0), ("zeta+z", 40)] {
            let page = clerk.get(&format!("{ORDERS}?size=100&q={q}")).await.expect(200);
            assert_eq!(page.texts(".row-a").len(), found, "{q}");
        }
        let first = clerk.get(&format!("{ORDERS}?size=25&q=ulio")).await.expect(200);
        assert!(first.body.contains("40 orders"), "counted beyond the page");
        let other = app.actor("clerk", "beta").await.get("/beta/main/orders?q=ulio").await.expect(200);
        assert!(other.texts(".row-a").is_empty(), "another company's words are its own: {:?}", other.texts(".row-a"));
    }

    async fn filters_narrow_and_combine(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let page = clerk.get(&format!("{ORDERS}?state=draft&size=100")).await.expect(200);
        let states = page.texts("td.c-status");
        assert!(!states.is_empty() && states.iter().all(|s| s == "Draft"), "{states:?}");
        let customer = page.texts("td.c-cust").remove(0);
        let customers = clerk.get("/alpha/main/customers?q=C-00001").await.expect(200);
        let id = customers.attrs(".row-a", "href").remove(0);
        let of = clerk.get(&format!("{ORDERS}?size=100&customer={}", id.rsplit('/').next().unwrap())).await.expect(200);
        let name = customers.texts("td.c-cust span").remove(0);
        let found = of.texts("td.c-cust");
        assert!(!found.is_empty() && found.iter().all(|c| *c == name), "{customer}");
        let totals = clerk.get(&format!("{ORDERS}?least=100&most=900&sort=-total&size=100")).await.expect(200).texts("td.c-total");
        let amounts: Vec<f64> = totals.iter().map(|t| t.trim_start_matches('£').replace(',', "").parse().unwrap()).collect();
        assert!(!amounts.is_empty() && amounts.iter().all(|a| (100.0..=900.0).contains(a)) && amounts.is_sorted_by(|a, b| a >= b), "{amounts:?}");
        assert!(titles(&mut clerk, "from=2026-01-01&to=2025-01-01").await.is_empty());
    }

    async fn the_palette_knows_the_pages_one_may_see(app) {
        let mut viewer = app.actor("viewer", "alpha").await;
        let mut clerk = app.actor("clerk", "alpha").await;
        let found = clerk.fragment("/alpha/main/search?q=new+ord", "found").await.expect(200);
        assert!(found.attrs("a", "href").contains(&"/alpha/main/orders/new".to_owned()));
        let found = clerk.fragment("/alpha/main/search?q=settings", "found").await.expect(200);
        assert!(found.attrs("a", "href").contains(&"/alpha/main/settings".to_owned()));
        let found = viewer.fragment("/alpha/main/search?q=new+order", "found").await.expect(200);
        assert!(!found.attrs("a", "href").contains(&"/alpha/main/orders/new".to_owned()));
        let country = clerk.get(&format!("{ORDERS}?country=gb&size=100")).await.expect(200);
        assert!(!country.texts(".row-a").is_empty(), "a country's code in any case");
        assert_eq!(clerk.get("/alpha").await.expect(303).header("location"), "/alpha/main");
        app.nobody().get("/robots.txt").await.expect(404);
    }

    async fn odd_parameters_are_no_match_or_said_to_be_wrong(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let odd = ["'", "\"", "' OR 1=1--", "\0", "a\0b", "-009999-01-01", "+00000000000000000000000000000000~-300000000000000000", "+00000000000000000000000000000000~\0", "%00", "*", "AND", "NEAR(", "%F0%9F%98%80", "..%2f", "-1", "1e9", "%22*", "a:b", "\u{202e}"];
        for name in ["q", "sort", "state", "customer", "country", "from", "to", "least", "most", "after", "size", "col", "at"] {
            for value in odd {
                let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
                for list in ["orders", "customers", "products"] {
                    let answer = clerk.get(&format!("/alpha/main/{list}?{name}={value}")).await;
                    assert!(matches!(answer.status.as_u16(), 200 | 422), "{list} {name}={value}: {}", answer.status);
                }
            }
        }
    }

    async fn a_filter_that_cannot_be_read_leaves_the_list_and_what_was_typed(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let all = clerk.get(&format!("{ORDERS}?state=draft")).await.expect(200).texts(".row-a");
        let url = format!("{ORDERS}?state=draft&from=29.2.&least=ten&sort=age");
        let answer = clerk.get(&url).await.expect(422);
        assert_eq!(answer.texts(".row-a"), all, "the rest of the filter holds");
        let notice = answer.texts("[role=alert] li");
        assert_eq!(notice.len(), 3);
        assert!(notice[0].starts_with("Placed from: Write a date"), "{notice:?}");
        assert_eq!(answer.attrs("#least", "value"), ["ten"]);
        let part = clerk.fragment(&url, "results").await.expect(422);
        assert_eq!(part.texts("[role=alert] li"), notice);
    }

    async fn a_fragment_is_a_part_of_its_page(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        for url in [ORDERS, "/alpha/main/customers", "/alpha/main/products"] {
            let page = clerk.get(url).await.expect(200);
            let part = clerk.fragment(url, "results").await.expect(200);
            assert!(part.body.starts_with("<section id=\"results\"") && page.body.contains(part.body.trim()), "{url}");
            assert!(part.header("vary").contains("HX-Request"));
        }
    }

    async fn the_export_is_what_the_list_shows(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let answer = clerk.get(&format!("{ORDERS}/export.csv?state=cancelled&sort=number")).await.expect(200);
        let mut rows = csv::Reader::from_reader(answer.body.as_bytes());
        let numbers: Vec<String> = rows.records().map(|r| r.unwrap()[0].to_owned()).collect();
        let shown = titles(&mut clerk, "state=cancelled&sort=number&size=100").await;
        assert!(!numbers.is_empty() && numbers.len() < 100);
        assert_eq!(numbers, shown);
    }

    async fn a_text_that_looks_like_a_formula_is_none_in_a_spreadsheet(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        clerk.submit("/alpha/main/customers/new", "#record-form", &[("number", "EVIL"), ("name", "=cmd|' /C calc'!A0")]).await.expect(303);
        let fields = [("customer", "EVIL"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1")];
        clerk.submit(&format!("{ORDERS}/new"), "#order-form", &fields).await.expect(303);
        let answer = clerk.get(&format!("{ORDERS}/export.csv?q=calc")).await.expect(200);
        assert!(answer.body.contains(",'=cmd|"), "{}", answer.body);
    }

    async fn the_palette_finds_orders_customers_and_products(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let found = clerk.fragment("/alpha/main/search?q=sku-00001", "found").await.expect(200);
        assert!(found.body.trim_start().starts_with("<div id=\"found\""));
        assert!(found.texts(".menu-h").contains(&"Products".to_owned()) && found.texts(".menu-h").contains(&"Orders".to_owned()));
        let options = clerk.get("/alpha/main/suggest/customers?customer=C-0000").await.expect(200);
        assert!(options.attrs("option", "value")[0].starts_with("C-0000"));
    }
}
