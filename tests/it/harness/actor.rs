//! People with a browser, programs with a token. They act through HTTP only.
use super::Answer;
use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use serde_json::Value;
use std::collections::BTreeMap;
use tower::ServiceExt;

/// A browser.
#[derive(Clone)]
pub struct Actor {
    service: Router,
    pub cookies: BTreeMap<String, String>,
}

impl Actor {
    pub fn new(service: Router) -> Self {
        Self { service, cookies: BTreeMap::new() }
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let fields = [("email", email), ("password", password)];
        let answer = self.post("/login", &fields).await;
        assert_eq!(answer.status.as_u16(), 303, "{email}: {}", answer.body);
        answer
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }
    /// As htmx asks for a region of a page.
    pub async fn fragment(&mut self, path: &str, target: &str) -> Answer {
        let request = Request::get(path)
            .header("hx-request", "true")
            .header("hx-target", format!("div#{target}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }
    pub async fn post<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        path: &str,
        fields: &[(N, V)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.iter().map(|(n, v)| (n.as_ref(), v.as_ref())))
            .finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A request as it is, with this browser's cookies.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request.headers_mut().insert(header::COOKIE, all.join("; ").parse().unwrap());
        }
        let answer = Answer::of(self.service.clone().oneshot(request).await.unwrap()).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, rest) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Opens a form, changes some fields, and sends it.
    pub async fn submit(&mut self, at: &str, form: &str, changes: &[(&str, &str)]) -> Answer {
        let page = self.get(at).await.expect(200);
        let action = page.attrs(form, "action").remove(0);
        let fields = changed(page.form(form), changes);
        self.post(&action, &fields).await
    }
}

/// Fields with some of them changed; a name that is not there is added.
pub fn changed(
    mut fields: Vec<(String, String)>,
    changes: &[(&str, &str)],
) -> Vec<(String, String)> {
    for (name, value) in changes {
        match fields.iter_mut().rev().find(|(n, _)| n == name) {
            Some(field) => (*value).clone_into(&mut field.1),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    fields
}

/// A program with a token.
#[derive(Clone)]
pub struct Program {
    service: Router,
    token: String,
}

impl Program {
    pub fn new(service: Router, token: String) -> Self {
        Self { service, token }
    }
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, (None, None)).await
    }
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, (Some(body.to_string()), None)).await
    }
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Answer {
        self.send(Method::POST, path, (Some(body.to_string()), Some(key))).await
    }
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, (Some(body.to_string()), None)).await
    }
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        (body, key): (Option<String>, Option<&str>),
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        Answer::of(self.service.clone().oneshot(request).await.unwrap()).await
    }
}
