//! Tributary: order management in which every business record has a past, a side track and a way back.
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod hashing;
pub mod service;
pub mod store;
pub mod web;
