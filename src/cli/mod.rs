//! The command line: each command builds what it needs and calls a service.
mod accounts;
mod data;
mod serve;
mod verify;

use crate::{
    app::App,
    config::{Base, Cli, Command, LogFormat, Web},
    store::db::Db,
};
use anyhow::Result;
use std::io::{IsTerminal, Write};

/// Runs what was asked for. The exit code is 1 if something failed or was found.
///
/// # Errors
/// What went wrong, in words for the one at the terminal.
pub async fn run(cli: Cli) -> Result<()> {
    logging(&cli.base);
    let base = &cli.base;
    match cli.command.unwrap_or(Command::Serve(cli.web)) {
        Command::Serve(web) => serve::serve(base, web).await,
        Command::Demo(web) => serve::demo(base, web).await,
        Command::Migrate { grant_to } => serve::migrate(base, grant_to).await,
        Command::Check => serve::check(base).await,
        Command::Routes { json } => serve::routes(json),
        Command::Generate { company, orders, seed } => {
            data::generate(&open(base).await?, &company, (orders, seed)).await
        }
        Command::Seed { seed, .. } => data::seed(base, seed).await,
        Command::User(c) => accounts::user(&open(base).await?, c).await,
        Command::Company(c) => accounts::company(&open(base).await?, c).await,
        Command::Token(c) => accounts::token(&existing(base).await?, c).await,
        Command::Import(c) => data::import(&open(base).await?, c).await,
        Command::Export(c) => data::export(&existing(base).await?, c).await,
        Command::Verify(ask) => verify::verify(&existing(base).await?, base, ask).await,
        Command::Erase { company, customer, basis } => {
            data::erase(&existing(base).await?, &company, (&customer, &basis)).await
        }
        Command::Compact { company, days } => {
            data::compact(&existing(base).await?, company.as_deref(), days).await
        }
        Command::Clean => data::clean(&existing(base).await?).await,
        Command::Digest { company } => data::digest(&existing(base).await?, base, &company).await,
    }
}

/// Opens the database and brings SQLite up to date.
async fn open(base: &Base) -> Result<App> {
    let db = Db::open(&base.database_url).await?;
    db.ready().await?;
    Ok(App::new(db, Web::default()))
}

/// The same, of a database that is there: one that a typo made would look well.
async fn existing(base: &Base) -> Result<App> {
    serve::there(base)?;
    open(base).await
}

/// A line on standard output; a closed pipe ends the output, not the program.
fn say(text: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

fn logging(base: &Base) {
    let filter = tracing_subscriber::EnvFilter::try_new(&base.log).unwrap_or_default();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let logs = if std::io::stderr().is_terminal() { logs } else { logs.with_ansi(false) };
    let _ = match base.log_format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}
