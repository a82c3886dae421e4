//! Import, export, erasure and digests at the command line.
use super::say;
use crate::{
    app::{App, Clock, Rng},
    config::{Base, ExportCommand, ExportFormat, ImportCommand, ImportOrders, Web},
    domain::{order::Order, page::OrderFilter, time::Ts},
    service::{
        branches, compaction, companies,
        context::Ctx,
        digests, erasure,
        export::{self, Pages},
        generate::{self, Size},
        history,
        import::{self, Ask, Summary, folder, layout::Layout},
        records, verify,
    },
    store::db::Db,
};
use anyhow::{Result, bail};
use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

pub(super) async fn import(app: &App, command: ImportCommand) -> Result<()> {
    match command {
        ImportCommand::Orders(ask) => import_orders(app, ask).await,
        ImportCommand::Folder { dir } => import_folder(app, &dir).await,
    }
}

async fn import_folder(app: &App, dir: &Path) -> Result<()> {
    let brought = folder::import(app, dir, &mut progress).await?;
    clear_progress();
    for b in brought {
        let (slug, seq) = (b.slug, b.seq.unwrap_or_default());
        let text = match b.seq {
            None => format!("{slug}: is here already."),
            Some(_) => format!(
                "{slug}: {} orders, {} customers, {} products in commit {seq}.",
                b.orders, b.customers, b.products
            ),
        };
        say(&text)?;
    }
    Ok(())
}

async fn import_orders(app: &App, ask: ImportOrders) -> Result<()> {
    let ctx = Ctx::of_operator(app, &ask.company).await?;
    let layout = match &ask.preset {
        Some(name) => Layout::preset(name)?,
        None => Layout::mapped(&ask.map, ask.date_format.clone())?,
    };
    let (branch, rejects) = (ask.branch.as_str(), ask.rejects.as_deref());
    let ask = Ask { file: &ask.file, layout, branch, rejects };
    let summary = import::orders(&ctx, &ask, &mut progress).await?;
    clear_progress();
    report(&ctx, &summary)
}

fn report(ctx: &Ctx, s: &Summary) -> Result<()> {
    for (reason, n) in &s.reasons {
        say(&format!("rejected {n}: {reason}"))?;
    }
    if s.seq.is_none() {
        return say(&format!("Nothing to import: all {} orders are here already.", s.known));
    }
    say(&format!(
        "{} rows: {} orders with {} lines, {} rejected rows, {} orders known before; {} new customers, {} new products.",
        s.rows, s.orders, s.lines, s.rejected, s.known, s.customers, s.products
    ))?;
    say(&format!(
        "Line amounts add up to {} ({} minor units).",
        ctx.company.currency.show(s.amount),
        s.amount
    ))?;
    let place = s.branch.as_ref().map_or_else(String::new, |name| format!(", on branch {name}"));
    say(&format!("One commit: {}{place}.", s.seq.unwrap_or_default()))
}

fn progress(rows: u64, of: Option<u64>) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let of = of.map_or_else(String::new, |n| format!(" of {n}"));
    let _ = write!(std::io::stderr(), "\r{rows}{of} rows\u{1b}[K");
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r\u{1b}[K");
    }
}

pub(super) async fn export(app: &App, command: ExportCommand) -> Result<()> {
    let ExportCommand::Orders { company, branch, at, format, out } = command;
    let mut ctx = branches::enter(Ctx::of_operator(app, &company).await?, &branch).await?;
    if let Some(at) = at {
        let point = history::point(&ctx, &at).await?;
        ctx = branches::as_of(ctx, point.seq).await?;
    }
    let mut to: Box<dyn Write> = match out {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let done = write_orders(&ctx, format, &mut to).await;
    // who reads has enough
    let enough = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    match done {
        Err(e) if e.downcast_ref().is_some_and(enough) => Ok(()),
        done => done,
    }
}

async fn write_orders(ctx: &Ctx, format: ExportFormat, to: &mut dyn Write) -> Result<()> {
    let (mut pages, mut first) = (Pages::new(ctx, OrderFilter::all())?, true);
    while let Some(rows) = pages.next().await? {
        if format == ExportFormat::Csv {
            to.write_all(&export::csv(ctx, &rows, first))?;
        } else {
            for row in &rows {
                let order = records::show::<Order>(ctx, row.id.0).await?;
                to.write_all(export::json_line(&order.record).as_bytes())?;
            }
        }
        first = false;
    }
    Ok(to.flush()?)
}

pub(super) async fn digest(app: &App, base: &Base, company: &str) -> Result<()> {
    let ctx = Ctx::of_operator(app, company).await?;
    let digest = match base.digests() {
        Some(folder) => digests::Keeper::open(app, folder, &base.digest_key)?.keep(&ctx).await?,
        None => verify::digest(&ctx).await?,
    };
    say(&digest)
}

pub(super) async fn generate(app: &App, company: &str, (orders, seed): (usize, u64)) -> Result<()> {
    let app = App { rng: Rng::seeded(seed), ..app.clone() };
    let ctx = Ctx::of_operator(&app, company).await?;
    let seq = generate::company(&ctx, Size::of_orders(orders), "").await?;
    say(&format!("{orders} orders in commit {seq}."))
}

/// Times and ids are those of the seed, so that two runs give the same digests.
pub(super) async fn seed(base: &Base, seed: u64) -> Result<()> {
    let db = Db::open(&base.database_url).await?;
    db.ready().await?;
    let clock = Clock::fixed(Ts::from_micros(1_780_000_000_000_000));
    let app = App::with(db, Web::default(), clock, Rng::seeded(seed));
    let world = generate::world(&app).await?;
    say(&serde_json::to_string_pretty(&world)?)
}

pub(super) async fn erase(app: &App, slug: &str, (number, basis): (&str, &str)) -> Result<()> {
    let ctx = Ctx::of_operator(app, slug).await?;
    let all = erasure::of_number(&ctx, number).await?;
    if all.is_empty() {
        bail!("{slug} never had a customer {number}");
    }
    for customer in all {
        let done = erasure::erase(&ctx, customer, basis).await?;
        say(&format!(
            "Erased from {} versions, {} messages and {} comments, by commit {}.",
            done.versions, done.messages, done.comments, done.seq
        ))?;
    }
    say("`tributary clean`, when nobody works, writes over what free space has of it.")
}

pub(super) async fn compact(app: &App, slug: Option<&str>, days: i64) -> Result<()> {
    let all = match slug {
        Some(slug) => vec![slug.to_owned()],
        None => companies::slugs(app).await?,
    };
    for slug in all {
        let done = compaction::run(&Ctx::of_operator(app, &slug).await?, days).await?;
        say(&format!("{slug}: {} versions of {} branches.", done.versions, done.branches))?;
    }
    say("`tributary clean`, when nobody works, gives the room back.")
}

pub(super) async fn clean(app: &App) -> Result<()> {
    app.db.clean().await?;
    say(
        "Nothing that was deleted or erased is left in the database's files. Copies made before have it still.",
    )
}
