//! Static files out of the binary: hashed names, packed beforehand, kept for ever by browsers.
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A file as it is served.
pub struct Asset {
    url: &'static str,
    mime: &'static str,
    raw: &'static [u8],
    br: &'static [u8],
    gz: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /static/{file}`
pub async fn show(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let found = ASSETS.iter().find(|a| a.url.strip_prefix("/static/") == Some(file.as_str()));
    let Some(asset) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let (bytes, encoding) = match asset {
        a if !a.br.is_empty() && accepts.contains("br") => (a.br, Some("br")),
        a if !a.gz.is_empty() && accepts.contains("gzip") => (a.gz, Some("gzip")),
        a => (a.raw, None),
    };
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, asset.mime)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::VARY, "Accept-Encoding");
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    response
        .body(Body::from(bytes))
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
