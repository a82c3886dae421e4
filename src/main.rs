//! Reads the flags and starts.
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // a missing .env is fine; one that cannot be read is not
    if let Err(e) = dotenvy::dotenv()
        && !e.not_found()
    {
        return failed(&format!(".env cannot be read: {e}"));
    }
    match tributary::cli::run(tributary::config::Cli::read()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => failed(&format!("{e:#}")),
    }
}

fn failed(what: &str) -> ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{what}");
    ExitCode::FAILURE
}
