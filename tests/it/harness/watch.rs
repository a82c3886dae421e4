//! Which statements a request makes.
use std::{
    future::Future,
    sync::{Arc, Mutex},
};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber,
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

/// Keeps the texts of statements.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

struct Text<'a>(&'a mut Vec<String>);
impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "text" {
            self.0.push(value.to_owned());
        }
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "tributary::sql" {
            event.record(&mut Text(&mut self.0.lock().unwrap()));
        }
    }
}

impl Statements {
    /// Runs something and keeps what it asks the database.
    pub async fn of<F: Future>(&self, work: F) -> F::Output {
        work.with_subscriber(tracing_subscriber::registry().with(self.clone())).await
    }
    pub fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
