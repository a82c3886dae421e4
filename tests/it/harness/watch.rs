//! Which statements a request makes, and what becomes of one that breaks off at any of them.
use std::{
    future::Future,
    sync::{Arc, Mutex, Once},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber,
    span,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry,
};

/// Keeps the texts of statements.
#[derive(Clone, Default)]
pub struct Statements {
    texts: Arc<Mutex<Vec<String>>>,
    /// The one before which everything breaks off; none if 0.
    breaks: usize,
}

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
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "tributary::sql" {
            let mut texts = self.texts.lock().unwrap();
            event.record(&mut Text(&mut texts));
            let last = texts.len() == self.breaks;
            drop(texts);
            if last {
                // like a panic, but without its message
                std::panic::resume_unwind(Box::new("broken off on purpose"));
            }
        }
    }
}

/// A listener for the whole run that does nothing: without one, a place in the code that is first
/// passed while nobody listens may be taken for one that nobody will ever listen to.
struct Idle;
impl Subscriber for Idle {
    fn enabled(&self, at: &Metadata<'_>) -> bool {
        at.is_event() && at.target() == "tributary::sql"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

impl Statements {
    /// What runs breaks off before its `n`th statement, from 1.
    pub fn broken_at(n: usize) -> Self {
        Self { breaks: n, ..Self::default() }
    }
    /// Runs something and keeps what it asks the database.
    pub async fn of<F: Future>(&self, work: F) -> F::Output {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let _ = tracing::subscriber::set_global_default(Idle);
        });
        work.with_subscriber(registry().with(self.clone())).await
    }
    pub fn texts(&self) -> Vec<String> {
        self.texts.lock().unwrap().clone()
    }
}
