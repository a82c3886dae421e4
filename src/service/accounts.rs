//! People: who they are, how they come in, their tokens.
use super::error::{Error, Result};
use crate::{
    app::App,
    domain::{
        check::Problems,
        company::{Place, User, Who, parse_name},
        history::chain::{Hash, body_hash},
        ids::{TokenId, UserId},
        input::email,
        policy::Role,
        scope::Membership,
        text::{clean, fold},
    },
    hashing,
    store::{accounts, sessions},
};

pub use crate::store::accounts::Token;

/// What a new person is made of.
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub password: String,
    pub platform_admin: bool,
}

/// The user who signs in with this password; `None` for any reason, which is not told.
pub async fn check_password(app: &App, login: &str, password: &str) -> Result<Option<User>> {
    let user = user_of_password(app, login, password).await?;
    match &user {
        Some(user) => {
            tracing::info!(target: "tributary::security", event = "signed_in", user = %user.id, "signed in");
        }
        None => {
            tracing::warn!(target: "tributary::security", event = "sign_in_refused", "a sign-in was refused");
        }
    }
    Ok(user)
}

async fn user_of_password(app: &App, login: &str, password: &str) -> Result<Option<User>> {
    let mut tx = app.db.read_accounts().await?;
    let found = accounts::login(&mut tx, login).await?;
    drop(tx);
    let phc = found.as_ref().map_or(hashing::NOBODY, |l| l.password_hash.as_str()).to_owned();
    let right = app.hashing.matches(password, &phc).await?;
    let Some(user) = found.map(|l| l.user).filter(|u| right && u.active) else {
        return Ok(None);
    };
    if hashing::outdated(&phc) {
        let better = app.hashing.hash(password).await?;
        let mut tx = app.db.write_accounts().await?;
        accounts::rehash_password(&mut tx, user.id, (&phc, &better)).await?;
        tx.commit().await?;
    }
    Ok(Some(user))
}

/// What a password must be: long, and not what anybody who knows the person tries first.
///
/// # Errors
/// Says what is wrong.
pub fn check_new_password(password: &str, about: &[&str]) -> Result<(), String> {
    let n = password.chars().count();
    if n < 12 {
        return Err("Use at least 12 characters".into());
    }
    if n > 1000 {
        return Err("Use at most 1,000 characters".into());
    }
    let folded = fold(password);
    let letters: std::collections::BTreeSet<char> = folded.chars().collect();
    if letters.len() < 5 || folded.bytes().all(|b| b.is_ascii_digit()) {
        return Err("Use more different letters".into());
    }
    let known = about.iter().map(|a| fold(a)).filter(|a| a.chars().count() > 3);
    for word in known {
        if folded.contains(&word) && word.chars().count() * 2 > n {
            return Err("Choose something that is not your name or address".into());
        }
    }
    Ok(())
}

/// Whether a person can be made of this.
///
/// # Errors
/// `Invalid` by field.
pub fn check_person(new: &NewUser) -> Result<()> {
    person(new).map(|_| ())
}

fn person(new: &NewUser) -> Result<(String, String)> {
    let mut problems = Problems::default();
    let address = email(clean(&new.email, false).as_str()).unwrap_or_else(|e| {
        problems.add("email", e);
        String::new()
    });
    let name = parse_name(&new.name).unwrap_or_else(|e| {
        problems.add("name", e);
        String::new()
    });
    if let Err(e) = check_new_password(&new.password, &[&new.email, &new.name]) {
        problems.add("password", e);
    }
    problems.ok()?;
    Ok((address, name))
}

/// Makes a person.
pub async fn create_user(app: &App, new: NewUser) -> Result<User> {
    let (email, name) = person(&new)?;
    let phc = app.hashing.hash(&new.password).await?;
    let platform_admin = new.platform_admin;
    let user = User { id: UserId(app.next_id()), email, name, platform_admin, active: true };
    let mut tx = app.db.write_accounts().await?;
    let inserted = accounts::insert_user(&mut tx, &user, &phc, app.now()).await;
    inserted.map_err(|e| match e.into() {
        Error::Taken => Error::at("email", "Someone has this address already"),
        e => e,
    })?;
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "user_created", user = %user.id, "user created");
    Ok(user)
}

/// Someone by e-mail.
pub async fn user_of(app: &App, login: &str) -> Result<User> {
    let mut tx = app.db.read_accounts().await?;
    let found = accounts::login(&mut tx, login).await?;
    found.map(|l| l.user).ok_or_else(|| Error::at("email", "Nobody has this address"))
}

/// Who a token is, by the token itself.
pub async fn who_of_token(app: &App, token: &str) -> Result<Option<Who>> {
    let mut tx = app.db.read_accounts().await?;
    Ok(accounts::who_of_token(&mut tx, &token_hash(token)).await?)
}

fn token_hash(token: &str) -> Hash {
    body_hash(token)
}

/// A new token for a member, shown once: 160 bits, kept as a hash.
pub async fn create_token(app: &App, user: &User, (slug, name): (&str, &str)) -> Result<String> {
    let mut tx = app.db.write_accounts().await?;
    let company = accounts::company(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    let member = Membership { company: company.id, user: user.id, role: Role::Viewer };
    let token = format!("tri_{}", app.rng.word(32));
    let about = (name, token_hash(&token).as_slice().to_owned(), app.now());
    accounts::insert_token(&mut tx, TokenId(app.next_id()), &member, (about.0, &about.1, about.2))
        .await
        .map_err(|e| match e.into() {
            Error::Reference => {
                Error::Refused("This person is not a member of the company.".into())
            }
            e => e,
        })?;
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "token_created", company = %company.id, user = %user.id, "token created");
    Ok(token)
}

/// The tokens of a company.
pub async fn tokens(app: &App, slug: &str) -> Result<Vec<Token>> {
    let mut tx = app.db.read_accounts().await?;
    let company = accounts::company(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    Ok(accounts::tokens(&mut tx, company.id).await?)
}

/// Ends a token: its next request is refused.
pub async fn revoke_token(app: &App, slug: &str, id: TokenId) -> Result<()> {
    let mut tx = app.db.write_accounts().await?;
    let company = accounts::company(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    if accounts::delete_token(&mut tx, company.id, id).await? == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "token_revoked", company = %company.id, token = %id, "token revoked");
    Ok(())
}

/// Refuses everybody but platform admins.
///
/// # Errors
/// `NotPlatform`.
pub fn platform_only(who: &Who) -> Result<()> {
    if who.user.platform_admin { Ok(()) } else { Err(Error::NotPlatform) }
}

/// Opens or closes an account; closing ends every session of it.
pub async fn set_user_active(app: &App, who: &Who, (user, active): (UserId, bool)) -> Result<()> {
    platform_only(who)?;
    if user == who.user.id {
        return Err(Error::Refused("You cannot disable yourself.".into()));
    }
    let mut tx = app.db.write_accounts().await?;
    if accounts::set_user_active(&mut tx, user, active).await? == 0 {
        return Err(Error::NotFound);
    }
    if !active {
        sessions::delete_of(&mut tx, user).await?;
    }
    tx.commit().await?;
    tracing::info!(target: "tributary::security", event = "user_changed", user = %user, active, by = %who.user.id, "user changed");
    Ok(())
}

/// Gives someone who forgot theirs another password, and ends every session of theirs.
pub async fn reset_password(app: &App, email: &str, new: &str) -> Result<()> {
    let unknown = |_| Error::at("person", "Nobody has this address");
    let user = user_of(app, email).await.map_err(unknown)?;
    check_new_password(new, &[&user.email, &user.name])
        .map_err(|e| Error::at("new_password", e))?;
    replace_password(app, user.id, new).await?;
    tracing::info!(target: "tributary::security", event = "password_reset", user = %user.id, "password reset");
    Ok(())
}

async fn replace_password(app: &App, user: UserId, new: &str) -> Result<()> {
    let phc = app.hashing.hash(new).await?;
    let mut tx = app.db.write_accounts().await?;
    accounts::set_password(&mut tx, user, &phc).await?;
    sessions::delete_of(&mut tx, user).await?;
    Ok(tx.commit().await?)
}

/// Changes one's own name.
pub async fn rename(app: &App, who: &Who, name: &str) -> Result<()> {
    let name = parse_name(name).map_err(|e| Error::at("name", e))?;
    let mut tx = app.db.write_accounts().await?;
    accounts::rename_user(&mut tx, who.user.id, &name).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes one's own password and ends every session, this one too.
pub async fn change_password(app: &App, who: &Who, (old, new): (&str, &str)) -> Result<()> {
    if user_of_password(app, &who.user.email, old).await?.is_none() {
        tracing::warn!(target: "tributary::security", event = "password_change_refused", user = %who.user.id, "a password change was refused");
        return Err(Error::at("old", "This is not your password"));
    }
    check_new_password(new, &[&who.user.email, &who.user.name]).map_err(|e| Error::at("new", e))?;
    replace_password(app, who.user.id, new).await?;
    tracing::info!(target: "tributary::security", event = "password_changed", user = %who.user.id, "password changed");
    Ok(())
}

/// The place in which someone starts.
pub fn home(who: &Who) -> Option<&Place> {
    who.places.first()
}
