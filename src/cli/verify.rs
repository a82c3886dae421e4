//! Verification at the command line.
use super::say;
use crate::{
    app::App,
    config::{Base, VerifyCommand},
    service::{
        companies,
        context::Ctx,
        digests,
        verify::{self, Report, Scale},
    },
};
use anyhow::{Result, bail};
use std::fs;

pub(super) async fn verify(app: &App, base: &Base, ask: VerifyCommand) -> Result<()> {
    let slugs = match &ask.company {
        Some(slug) => vec![slug.clone()],
        None => companies::slugs(app).await?,
    };
    let mut faults = 0;
    for slug in slugs {
        let ctx = Ctx::of_operator(app, &slug).await?;
        let mut report = verified(&ctx, base, &ask).await?;
        if let Some(folder) = base.digests() {
            let found = digests::compare(&ctx, (folder, &base.digest_key)).await;
            report.compared(found.unwrap_or_else(|e| (0, vec![e.to_string()])));
            let kept = || digests::keep_verified(folder, (&slug, &report.digest));
            // what came before a digest that somebody names may never have been looked at
            if report.faults == 0
                && ask.since.is_none()
                && let Err(e) = kept()
            {
                tracing::warn!(error = %e, "how far it was verified was not kept");
            }
        }
        faults += report.faults;
        if ask.json { say(&serde_json::to_string(&report)?)? } else { tell(&report)? }
    }
    if faults > 0 {
        bail!("{faults} faults")
    }
    Ok(())
}

async fn verified(ctx: &Ctx, base: &Base, ask: &VerifyCommand) -> Result<Report> {
    let progress = ask.progress.as_deref();
    let since = match (&ask.since, progress, base.digests()) {
        (Some(since), ..) => Some(since.clone()),
        (_, Some(file), _) if file.exists() => Some(fs::read_to_string(file)?),
        (_, _, Some(folder)) if ask.quick => digests::last_verified(folder, &ctx.company.slug)?,
        (None, None, None) if ask.quick => {
            bail!(
                "--quick goes on from what was verified before: set DIGESTS, or name a digest with --since"
            )
        }
        _ => None,
    };
    let scale = Scale { since, quick: ask.quick };
    let mut keep = |digest: &str| progress.map_or(Ok(()), |file| digests::replace(file, digest));
    let report = verify::scaled(ctx, &scale, &mut keep).await?;
    if let Some(file) = progress.filter(|file| file.exists()) {
        fs::remove_file(file)?;
    }
    Ok(report)
}

fn tell(report: &Report) -> Result<()> {
    let slug = &report.company;
    for line in report.erasures.iter().chain(&report.found) {
        say(&format!("{slug}: {line}"))?;
    }
    say(&format!(
        "{slug}: {} commits, {} versions, {} heads, {} faults; digest {}",
        report.commits, report.versions, report.heads, report.faults, report.digest
    ))?;
    if let Some(n) = report.digests {
        say(&format!("{slug}: compared with {n} digests that were kept"))?;
    }
    Ok(())
}
