//! HTTP: pages, fragments and the JSON API. Parses, asks a service, shows; holds no rule.
pub mod api;
pub mod assets;
pub mod cookies;
pub mod extract;
pub mod form;
mod guard;
mod handlers;
pub mod layers;
pub mod paths;
pub mod problem;
pub mod query;
pub mod routes;
pub mod server;
pub mod session;
mod view;
mod views;
