//! Serving, and what an operator does around it.
use super::say;
use crate::{
    app::App,
    config::{Base, Web},
    service::{
        accounts::{self, NewUser},
        batches, branches, companies,
        digests::Keeper,
        generate, sessions,
    },
    store::db::{Db, Engine, OpenError},
    web::{routes, server},
};
use anyhow::{Result, bail};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

/// How often sessions that ended are forgotten, and digests kept.
const EVERY: Duration = Duration::from_hours(1);

/// Who the demo belongs to.
const DEMO: &str = "demo@example.com";

async fn app(base: &Base, web: Web) -> Result<App> {
    let db = Db::open(&base.database_url).await?;
    db.ready().await?;
    Ok(App::new(db, web))
}

pub(super) async fn serve(base: &Base, web: Web) -> Result<()> {
    run(base, app(base, web).await?).await
}

async fn run(base: &Base, app: App) -> Result<()> {
    let listener = server::listen(app.web.bind).await?;
    let at = listener.local_addr()?;
    say(&format!("Tributary listens on http://{at}"))?;
    if companies::is_first_run(&app).await? {
        let code = &app.setup_code;
        say(&format!("Nobody has an account yet. Begin at http://{at}/setup?code={code}"))?;
    }
    let open = |folder| Keeper::open(&app, folder, &base.digest_key);
    let keeper = base.digests().map(open).transpose()?;
    // a task of its own, ended with this one: a folder that does not answer keeps nobody else waiting
    let mut beside = JoinSet::new();
    beside.spawn(every_hour(app.clone(), keeper));
    beside.spawn(every_minute(app.clone()));
    beside.spawn(every_few_seconds(app.clone()));
    if app.db.engine() == Engine::Sqlite {
        beside.spawn(every_second(app.clone()));
    }
    let mut term = signal(SignalKind::terminate())?;
    let mut again = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! { _ = term.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
        tracing::info!("stopping: requests under way may end");
    };
    let twice = async move {
        again.recv().await;
        again.recv().await;
    };
    tokio::select! {
        done = server::run(app, listener, stop) => Ok(done?),
        () = twice => bail!("stopped at once, as asked twice"),
    }
}

async fn every_minute(app: App) {
    loop {
        app.hashing.rest();
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
}

/// Until it stops, when closing the database does the rest.
async fn every_second(app: App) {
    let mut told = false;
    while !app.stopping.load(Ordering::SeqCst) {
        let done = app.db.checkpoint().await;
        if let Err(e) = &done
            && !told
        {
            tracing::warn!(error = %e, "SQLite's log is not put into the file; it grows until that works");
        }
        told = done.is_err();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Work that another server left, or this one before it was stopped, goes on.
async fn every_few_seconds(app: App) {
    loop {
        if let Err(e) = batches::take_up(&app).await {
            tracing::warn!(error = %e, "batches were not taken up");
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// What a server does beside answering.
async fn every_hour(app: App, keeper: Option<Keeper>) {
    loop {
        if let Err(e) = sessions::sweep(&app).await {
            tracing::warn!(error = %e, "old sessions were not forgotten");
        }
        if let Err(e) = branches::sweep(&app).await {
            tracing::warn!(error = %e, "forgotten branches were not put away");
        }
        if let Some(keeper) = &keeper
            && let Err(e) = keeper.keep_all(&app).await
        {
            tracing::error!(error = %e, "digests were not kept");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A company one wants to click through. The password is the same for everybody and printed: the
/// demo belongs on one's own machine.
pub(super) async fn demo(base: &Base, web: Web) -> Result<()> {
    let app = app(base, web).await?;
    let password = "demo demo demo 42";
    let fresh = companies::is_first_run(&app).await?;
    if !fresh && accounts::user_of(&app, DEMO).await.is_err() {
        bail!(
            "This database is in use already; the demo fills an empty one. Begin it with `serve`, or name another with --database-url."
        );
    }
    if fresh {
        let user = NewUser {
            email: DEMO.into(),
            name: "Mara Lindqvist".into(),
            password: password.into(),
            platform_admin: true,
        };
        generate::demo(&app, user).await?;
    }
    say(&format!("Sign in as {DEMO}, the admin"))?;
    if fresh {
        say(&format!("and the password: {password}"))?;
        say("or as lead@, clerk@ or viewer@northbrook.example.com with the same password")?;
    } else {
        say("and the password it was made with")?;
    }
    run(base, app).await
}

pub(super) async fn migrate(base: &Base, grant_to: Option<String>) -> Result<()> {
    let db = Db::open(&base.database_url).await?;
    db.migrate().await?;
    if let Some(role) = grant_to.filter(|r| !r.is_empty()) {
        db.grant(&role).await?;
        say(&format!("{role} has the rights the server needs."))?;
    }
    say("The tables are up to date.")
}

/// Refuses a database that nobody has made yet.
pub(super) fn there(base: &Base) -> Result<()> {
    if let Some(path) = Db::missing_file(&base.database_url) {
        bail!("there is no database at {}; `tributary serve` makes one", path.display());
    }
    Ok(())
}

pub(super) async fn check(base: &Base) -> Result<()> {
    there(base)?;
    let db = Db::open(&base.database_url).await?;
    let (found, known) = db.schema().await?;
    say(&format!("database: {:?}, schema {found} of {known}", db.engine()))?;
    if found > known {
        bail!(OpenError::Newer { found, known });
    }
    if found < known && db.engine() == Engine::Postgres {
        bail!(OpenError::Behind);
    }
    if found < known {
        say("`serve` will bring its tables up to date")?;
    }
    if let Some(fault) = db.role_fault().await? {
        bail!("{fault}");
    }
    say("ready to serve")
}

pub(super) fn routes(json: bool) -> Result<()> {
    let all: Vec<_> = routes::table().iter().map(routes::Route::describe).collect();
    if json {
        return say(&serde_json::to_string_pretty(&all)?);
    }
    for r in all {
        say(&format!("{:6} {:60} {} {}", r.method, r.path, r.access, r.act.unwrap_or_default()))?;
    }
    Ok(())
}
