//! Listening, answering, and stopping in order.
use super::{layers, routes, session};
use crate::app::App;
use axum::{
    Router, ServiceExt,
    body::Body,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
};
use std::{future::Future, io, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{Predicate, SizeAbove},
    },
    limit::RequestBodyLimitLayer,
};

/// Less than this is not worth packing.
const PACK_FROM: u16 = 1024;

/// The whole service.
pub fn service(app: &App) -> Router {
    around(app, routes::router(app))
}

/// What every request passes through, around some routes. The last layer here is the outermost.
pub fn around(app: &App, routes: Router) -> Router {
    let body = usize::try_from(app.web.body_kib * 1024).unwrap_or(usize::MAX);
    let packed = CompressionLayer::new()
        .quality(CompressionLevel::Precise(4))
        .compress_when(SizeAbove::new(PACK_FROM.into()).and(NotPacked));
    routes
        .layer(DefaultBodyLimit::disable())
        .layer(session::layer(app))
        .layer(CatchPanicLayer::custom(layers::on_panic))
        .layer(from_fn_with_state(app.clone(), layers::timeout))
        .layer(from_fn_with_state(app.clone(), layers::to_the_end))
        .layer(RequestBodyLimitLayer::new(body))
        .layer(from_fn(layers::same_origin))
        .layer(from_fn(layers::problems))
        .layer(from_fn(layers::headers))
        .layer(from_fn_with_state(app.clone(), layers::log))
        .layer(packed)
}

/// Static files are packed beforehand.
#[derive(Clone, Copy)]
struct NotPacked;
impl Predicate for NotPacked {
    fn should_compress<B>(&self, response: &axum::http::Response<B>) -> bool
    where
        B: axum::body::HttpBody,
    {
        let kind = response.headers().get("content-type");
        kind.is_some_and(|v| {
            v.as_bytes().starts_with(b"text/html") || v.as_bytes().ends_with(b"json")
        })
    }
}

/// Listens.
///
/// # Errors
/// Says which port is taken and how to choose another.
pub async fn listen(bind: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(bind).await.map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => io::Error::other(format!(
            "Another program listens on {bind}. Choose another address with --bind."
        )),
        _ => io::Error::other(format!("Cannot listen on {bind}: {e}")),
    })
}

/// Answers until `stop`, then lets requests under way end, for as long as the settings say.
///
/// # Errors
/// If the listener fails.
pub async fn run(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // a router would be copied for every connection, each route with all that is around it
    let service = service(&app).into_service::<Body>().into_make_service();
    let (stopped, stopping_since) = tokio::sync::oneshot::channel::<()>();
    let stopping = app.stopping.clone();
    let stop = async move {
        stop.await;
        stopping.store(true, std::sync::atomic::Ordering::SeqCst);
        let _ = stopped.send(());
    };
    let serve = axum::serve(listener, service).with_graceful_shutdown(stop);
    let patience = Duration::from_secs(app.web.shutdown_seconds);
    let too_long = async move {
        let _ = stopping_since.await;
        tokio::time::sleep(patience).await;
    };
    let served = tokio::select! {
        done = serve => done,
        () = too_long => Ok(()),
    };
    app.db.close().await;
    served
}
