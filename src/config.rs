//! Settings: flags, the environment and `.env`. The only reader of the environment.
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind, parser::ValueSource,
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Order management in which every record has a past, a side track and a way back.
#[derive(Debug, Parser)]
#[command(name = "tributary", version)]
pub struct Cli {
    #[command(flatten)]
    pub base: Base,
    /// For `serve`, which needs no word of its own
    #[command(flatten)]
    pub web: Web,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A database that can be: another kind would be taken for a file's name.
fn database_url(text: &str) -> Result<String, String> {
    let file = text.strip_prefix("sqlite:").is_some_and(|path| !path.trim().is_empty());
    let server = ["postgres://", "postgresql://"].iter().any(|s| text.starts_with(s));
    if file || server {
        return Ok(text.to_owned());
    }
    Err("write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME".to_owned())
}

impl Cli {
    /// Reads the command line and the environment. What belongs to the server is said after the word
    /// that starts it: before another word it would be passed over.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let lost = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let web = Web::augment_args(clap::Command::new(""));
        let lost = web.get_arguments().find(|arg| lost(arg.get_id().as_str()));
        if let (Some(word), Some(arg)) = (matches.subcommand_name(), lost) {
            let flag = arg.get_long().unwrap_or_default();
            let text = format!("write `--{flag}` after `{word}`, if it takes one\n");
            Self::command().error(ErrorKind::ArgumentConflict, text).exit();
        }
        Self::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
    }
}

/// What every command needs.
#[derive(Clone, Debug, Args)]
pub struct Base {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:tributary.db", global = true, value_parser = database_url)]
    pub database_url: String,
    /// What is logged, e.g. `info` or `tributary=debug`
    #[arg(long, env = "LOG", default_value = "info", global = true)]
    pub log: String,
    /// `text` or `json`
    #[arg(long, env = "LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// A folder outside of the database in which signed digests are kept: the server adds to them, `digest`
    /// too, `verify` compares with them
    #[arg(long, env = "DIGESTS", global = true)]
    digests: Option<String>,
    /// The key that signs digests; made if it is not there
    #[arg(long, env = "DIGEST_KEY", default_value = "tributary.digest-key", global = true)]
    pub digest_key: PathBuf,
}

impl Base {
    /// The folder in which digests are kept, if they are.
    pub fn digests(&self) -> Option<&Path> {
        self.digests.as_deref().filter(|d| !d.is_empty()).map(Path::new)
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// What the web server needs.
#[derive(Clone, Debug, Args)]
pub struct Web {
    /// Where to listen
    #[arg(long, env = "BIND", default_value = "127.0.0.1:8000")]
    pub bind: SocketAddr,
    /// Cookies over plain HTTP, for a network without TLS. Browsers take them on localhost anyway
    #[arg(long, env = "INSECURE_COOKIES", default_value_t = false, action = clap::ArgAction::Set)]
    pub insecure_cookies: bool,
    /// Minutes without a request after which a session ends
    #[arg(long, env = "SESSION_IDLE_MINUTES", default_value_t = 480, value_parser = clap::value_parser!(i64).range(1..=43_200))]
    pub session_idle_minutes: i64,
    /// Hours after which a session ends whatever happens
    #[arg(long, env = "SESSION_HOURS", default_value_t = 168, value_parser = clap::value_parser!(i64).range(1..=2160))]
    pub session_hours: i64,
    /// Seconds after which a request is given up
    #[arg(long, env = "REQUEST_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_seconds: u64,
    /// Seconds that requests under way are given at shutdown
    #[arg(long, env = "SHUTDOWN_SECONDS", default_value_t = 25, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub shutdown_seconds: u64,
    /// Largest request body in KiB
    #[arg(long, env = "BODY_KIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(16..=65_536))]
    pub body_kib: u64,
}

impl Default for Web {
    /// The defaults of the flags.
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8000)),
            insecure_cookies: false,
            session_idle_minutes: 480,
            session_hours: 168,
            request_seconds: 30,
            shutdown_seconds: 25,
            body_kib: 2048,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the web server (the default)
    Serve(Web),
    /// Fill an empty database with a demo company, print its sign-in, and serve
    Demo(Web),
    /// Bring the tables up to date
    Migrate {
        /// PostgreSQL: the role the server runs as, which gets just what it needs
        #[arg(long, env = "GRANT_TO")]
        grant_to: Option<String>,
    },
    /// Check that everything is in place to serve
    Check,
    /// Print every route with its access class
    Routes {
        #[arg(long)]
        json: bool,
    },
    /// Users
    #[command(subcommand)]
    User(UserCommand),
    /// Companies
    #[command(subcommand)]
    Company(CompanyCommand),
    /// API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Import
    #[command(subcommand)]
    Import(ImportCommand),
    /// Export
    #[command(subcommand)]
    Export(ExportCommand),
    /// Fill a company with synthetic orders
    Generate {
        #[arg(long)]
        company: String,
        #[arg(long)]
        orders: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Make the companies that tests work with
    Seed {
        /// Companies alpha and beta with every role; prints ids and logins as JSON
        #[arg(long, required = true)]
        world: bool,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Recompute the history and compare it with what is stored
    Verify(VerifyCommand),
    /// Erase a customer's personal data from every version, as a law may want it
    Erase {
        #[arg(long)]
        company: String,
        /// Their number
        #[arg(long)]
        customer: String,
        /// On which law or wish it rests; kept for ever
        #[arg(long)]
        basis: String,
    },
    /// Let go of the steps between on branches that were closed long ago; main's history stays whole
    Compact {
        /// All of them, if none is named
        #[arg(long)]
        company: Option<String>,
        /// For so many days they must have been merged or put away
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(0..=36_500))]
        days: i64,
    },
    /// Write over what was deleted or erased: a database keeps it in free space until that is used again
    Clean,
    /// Print the head of a company's chain
    Digest {
        #[arg(long)]
        company: String,
    },
}

#[derive(Clone, Debug, Args)]
pub struct VerifyCommand {
    #[arg(long)]
    pub company: Option<String>,
    #[arg(long)]
    pub json: bool,
    /// Only the commits after the last digest that was kept (see DIGESTS), or after `--since`, and nothing of
    /// what stands beside them
    #[arg(long)]
    pub quick: bool,
    /// A digest, `7:0a1b…`, up to which the history was verified before
    #[arg(long, requires = "company")]
    pub since: Option<String>,
    /// A file that tells how far it came: a run that was broken off goes on from there
    #[arg(long, requires = "company", conflicts_with_all = ["since", "quick"])]
    pub progress: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user; the password is read from standard input
    Create {
        email: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        platform_admin: bool,
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Give a user another password, read from standard input, and end their sessions
    Password {
        email: String,
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum CompanyCommand {
    /// Make a company with its first admin, who must exist
    Create {
        slug: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "GBP")]
        currency: String,
        #[arg(long, default_value = "Europe/London")]
        timezone: String,
        #[arg(long)]
        admin: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Print a new API token, once
    Create {
        #[arg(long)]
        user: String,
        #[arg(long)]
        company: String,
        /// What it is for, as `list` shows it
        #[arg(long, default_value = "API")]
        name: String,
    },
    /// List the tokens of a company: id, made when, for whom, what for
    List {
        #[arg(long)]
        company: String,
    },
    /// End a token at once
    Revoke {
        /// As `list` shows it
        id: String,
        #[arg(long)]
        company: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Orders from a CSV file (plain or gzip), one row per line
    Orders(ImportOrders),
    /// Companies, users, customers, products and orders from the CSV files of a folder, ids kept
    Folder { dir: PathBuf },
}

#[derive(Clone, Debug, Args)]
pub struct ImportOrders {
    pub file: PathBuf,
    #[arg(long)]
    pub company: String,
    /// A branch to look at them on first, by its name; it is opened if there is none
    #[arg(long, default_value = "main")]
    pub branch: String,
    /// A known layout: `online-retail`
    #[arg(long, conflicts_with = "map")]
    pub preset: Option<String>,
    /// A field and the column that holds it: `--map number=InvoiceNo`
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub map: Vec<String>,
    /// How dates are written, e.g. `%d/%m/%Y %H:%M`; found out if not given
    #[arg(long)]
    pub date_format: Option<String>,
    /// Where rejected rows go, with line number and reason
    #[arg(long)]
    pub rejects: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Orders: as CSV a row for each, as jsonl each whole with its lines
    Orders {
        #[arg(long)]
        company: String,
        /// A branch, as its URLs write it; main if none is named
        #[arg(long, default_value = "main")]
        branch: String,
        /// As of then: a day, a moment, the number of a change or the name of a point
        #[arg(long)]
        at: Option<String>,
        #[arg(long, default_value = "csv")]
        format: ExportFormat,
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    Csv,
    Jsonl,
}
