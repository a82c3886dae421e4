//! What came back.
use axum::{
    body::Body,
    http::{HeaderMap, Response, StatusCode},
};
use http_body_util::BodyExt;
use scraper::{Html, Selector};
use serde_json::Value;

/// A whole response.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn of(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: head.status, headers: head.headers, body }
    }
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
    pub fn page(&self) -> Html {
        Html::parse_document(&self.body)
    }
    /// The text of every element that a selector finds, blanks made one.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let of = |e: scraper::ElementRef<'_>| e.text().collect::<Vec<_>>().join(" ");
        self.page()
            .select(&selector)
            .map(|e| of(e).split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }
    /// An attribute of every element that a selector finds.
    pub fn attrs(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.page()
            .select(&selector)
            .filter_map(|e| e.value().attr(name).map(str::to_owned))
            .collect()
    }
    /// The fields of a form as a browser would send them.
    pub fn form(&self, selector: &str) -> Vec<(String, String)> {
        let page = self.page();
        let form = page.select(&Selector::parse(selector).unwrap()).next().expect("a form");
        let mut out = vec![];
        for e in form.select(&Selector::parse("input, select, textarea").unwrap()) {
            let value = e.value();
            let Some(name) = value.attr("name").map(str::to_owned) else { continue };
            match (value.name(), value.attr("type")) {
                (_, Some("checkbox" | "radio")) if value.attr("checked").is_none() => {}
                ("textarea", _) => out.push((name, e.text().collect())),
                ("select", _) => {
                    let chosen = Selector::parse("option[selected]").unwrap();
                    let any = Selector::parse("option").unwrap();
                    let option = e.select(&chosen).next().or_else(|| e.select(&any).next());
                    let text = option.and_then(|o| o.value().attr("value")).unwrap_or_default();
                    out.push((name, text.to_owned()));
                }
                _ => out.push((name, value.attr("value").unwrap_or_default().to_owned())),
            }
        }
        out
    }
}
