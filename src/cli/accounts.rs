//! Users, companies and tokens at the command line.
use super::say;
use crate::{
    app::App,
    config::{CompanyCommand, TokenCommand, UserCommand},
    domain::ids::TokenId,
    service::{
        accounts::{self, NewUser},
        companies::{self, NewCompany},
    },
};
use anyhow::{Context, Result};
use std::io::BufRead;

pub(super) async fn user(app: &App, command: UserCommand) -> Result<()> {
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("no password on standard input")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    match command {
        UserCommand::Create { email, name, platform_admin, password_stdin: _ } => {
            let begin = || email.split('@').next().unwrap_or_default().to_owned();
            let name = name.unwrap_or_else(begin);
            let new = NewUser { email, name, password, platform_admin };
            let user = accounts::create_user(app, new).await?;
            say(&format!("Made {} ({}).", user.email, user.id))
        }
        UserCommand::Password { email, password_stdin: _ } => {
            accounts::reset_password(app, &email, &password).await?;
            say(&format!("{email} has another password; their sessions have ended."))
        }
    }
}

pub(super) async fn company(app: &App, command: CompanyCommand) -> Result<()> {
    let CompanyCommand::Create { slug, name, currency, timezone, admin } = command;
    let admin = accounts::user_of(app, &admin).await?;
    let new = NewCompany { slug, name, currency, timezone };
    let company = companies::create_company(app, &new, admin.id).await?;
    say(&format!("Made {} at /{}/main.", company.name, company.slug))
}

pub(super) async fn token(app: &App, command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Create { user, company, name } => {
            let user = accounts::user_of(app, &user).await?;
            say(&accounts::create_token(app, &user, (&company, &name)).await?)
        }
        TokenCommand::List { company } => {
            for t in accounts::tokens(app, &company).await? {
                say(&format!("{}  {}  {}  {}", t.id, t.created_at, t.email, t.name))?;
            }
            Ok(())
        }
        TokenCommand::Revoke { id, company } => {
            let id = TokenId(id.parse().context("a token's id is the first column of `list`")?);
            accounts::revoke_token(app, &company, id).await?;
            say("This token works no more.")
        }
    }
}
