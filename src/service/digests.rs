//! Signed digests, kept outside of the database: a chain that was cut off or written anew as a whole agrees
//! with itself, but not with them.
use super::{
    companies,
    context::Ctx,
    error::{Error, Result},
    verify,
};
use crate::{
    app::App,
    domain::{
        history::chain::{hex, unhex},
        ids::CompanyId,
        time::Ts,
    },
    store,
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The file in the folder of digests that tells the public key, in hexadecimal.
const PUBLIC: &str = "key.pub";

/// The folder that digests are kept in, and the key that signs them.
pub struct Keeper {
    folder: PathBuf,
    key: Ed25519KeyPair,
}

/// A digest as it was kept.
struct Kept {
    /// `<seq>:<hash>`
    digest: String,
    at: Ts,
    signature: Vec<u8>,
}

impl Keeper {
    /// Opens the folder and the key, and makes what is not there.
    ///
    /// # Errors
    /// `Refused` if a file cannot be read or written, or is no key.
    pub fn open(app: &App, folder: &Path, key: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        let public = folder.join(PUBLIC);
        if !key.exists() && !public.exists() {
            let mut seed = [0; 32];
            app.rng.fill(&mut seed);
            let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(key);
            let write = new.and_then(|mut file| writeln!(file, "{}", hex(&seed)));
            write.map_err(|e| failed(key, &e))?;
        }
        let pair = read_key(key)?;
        let own = hex(pair.public_key().as_ref());
        if !public.exists() {
            fs::write(&public, format!("{own}\n")).map_err(|e| failed(&public, &e))?;
        }
        if fs::read_to_string(&public).map_err(|e| failed(&public, &e))?.trim() != own {
            let (key, public) = (key.display(), public.display());
            return Err(Error::Refused(format!("{key} is not the key that {public} tells of.")));
        }
        Ok(Self { folder: folder.to_owned(), key: pair })
    }

    /// Keeps the digest of every company that has moved since the last one that was kept of it. One that
    /// cannot be kept does not stand in the way of the others: it is logged.
    pub async fn keep_all(&self, app: &App) -> Result<()> {
        for slug in companies::slugs(app).await? {
            if let Err(e) = self.keep(&Ctx::of_operator(app, &slug).await?).await {
                tracing::error!(company = slug, error = %e, "its digest was not kept");
            }
        }
        Ok(())
    }

    /// Keeps a company's digest, unless it is the last one that was kept. Returns it.
    pub async fn keep(&self, ctx: &Ctx) -> Result<String> {
        let digest = verify::digest(ctx).await?;
        let all = read(&self.folder, &ctx.company.slug)?;
        if matches!(all.last(), Some(Ok(last)) if last.digest == digest) {
            return Ok(digest);
        }
        let at = ctx.now();
        let signature = self.key.sign(&said(ctx.company.id, &digest, at));
        let path = file(&self.folder, &ctx.company.slug);
        let add = || -> std::io::Result<()> {
            let mut to: File = OpenOptions::new().append(true).create(true).open(&path)?;
            writeln!(to, "{digest} {at} {}", hex(signature.as_ref()))?;
            to.sync_all()
        };
        add().map_err(|e| failed(&path, &e))?;
        Ok(digest)
    }
}

fn read_key(path: &Path) -> Result<Ed25519KeyPair> {
    let text = fs::read_to_string(path).map_err(|e| failed(path, &e))?;
    let seed = unhex(text.trim()).unwrap_or_default();
    let no_key = |_| Error::Refused(format!("{} holds no key.", path.display()));
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(no_key)
}

/// How many digests were kept of a company, and what they say against its history: nothing if it is the
/// one they were taken of.
///
/// # Errors
/// `Refused` if they cannot be read.
pub async fn compare(ctx: &Ctx, (folder, key): (&Path, &Path)) -> Result<(usize, Vec<String>)> {
    let public = UnparsedPublicKey::new(&ED25519, public_key(folder, key)?);
    let all = read(folder, &ctx.company.slug)?;
    let n = all.len();
    let mut tx = ctx.read().await?;
    let mut faults = vec![];
    for kept in all {
        let kept = match kept {
            Ok(kept) => kept,
            Err(broken) => {
                faults.push(broken);
                continue;
            }
        };
        let name = format!("the digest of {} ({})", kept.at, kept.digest);
        if public.verify(&said(ctx.company.id, &kept.digest, kept.at), &kept.signature).is_err() {
            faults.push(format!("{name} was not signed by the key"));
            continue;
        }
        let (seq, hash) = kept.digest.split_once(':').unwrap_or_default();
        let seq: i64 = seq.parse().unwrap_or_default();
        let now = store::commits::hash_of(&mut tx, &ctx.scope, seq).await?;
        match now.map(|hash| hex(&hash)) {
            _ if seq == 0 => {}
            None => faults.push(format!("{name} names commit {seq}, which is gone")),
            Some(now) if now != hash => {
                faults.push(format!("{name} names another commit {seq}: history was written anew"));
            }
            Some(_) => {}
        }
    }
    Ok((n, faults))
}

/// Keeps the digest up to which a company's history was verified.
///
/// # Errors
/// `Refused` if it cannot be written.
pub fn keep_verified(folder: &Path, (slug, digest): (&str, &str)) -> Result<()> {
    replace(&verified(folder, slug), digest)
}

/// Writes a digest into a file of its own, whole or not at all: a run may be broken off at any time.
///
/// # Errors
/// `Refused` if it cannot be written.
pub fn replace(file: &Path, digest: &str) -> Result<()> {
    let part = file.with_extension("part");
    let done = fs::write(&part, format!("{digest}\n")).and_then(|()| fs::rename(&part, file));
    done.map_err(|e| failed(file, &e))
}

/// The digest up to which it was verified, if it ever was.
///
/// # Errors
/// `Refused` if it cannot be read.
pub fn last_verified(folder: &Path, slug: &str) -> Result<Option<String>> {
    let path = verified(folder, slug);
    if !path.exists() {
        return Ok(None);
    }
    fs::read_to_string(&path).map(Some).map_err(|e| failed(&path, &e))
}

fn verified(folder: &Path, slug: &str) -> PathBuf {
    folder.join(format!("{slug}.verified"))
}

/// That of the key itself where that can be read, else the one that stands beside the digests.
fn public_key(folder: &Path, key: &Path) -> Result<Vec<u8>> {
    if let Ok(pair) = read_key(key) {
        return Ok(pair.public_key().as_ref().to_vec());
    }
    let path = folder.join(PUBLIC);
    let text = fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
    Ok(unhex(text.trim()).unwrap_or_default())
}

/// The bytes that are signed.
fn said(company: CompanyId, digest: &str, at: Ts) -> Vec<u8> {
    format!("tributary/digest/1 {company} {digest} {at}").into_bytes()
}

fn file(folder: &Path, slug: &str) -> PathBuf {
    folder.join(format!("{slug}.digests"))
}

/// The digests that were kept of a company, the oldest first, and which lines are none.
fn read(folder: &Path, slug: &str) -> Result<Vec<std::result::Result<Kept, String>>> {
    let path = file(folder, slug);
    if !path.exists() {
        return Ok(vec![]);
    }
    let text = fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
    let line = |(n, line): (usize, &str)| {
        let parts: Vec<&str> = line.split(' ').collect();
        let wrong = || format!("{}: line {} is no digest", path.display(), n + 1);
        let [digest, at, signature] = parts[..] else { return Err(wrong()) };
        let at = at.parse().map(Ts::of).map_err(|_| wrong())?;
        let signature = unhex(signature).ok_or_else(wrong)?;
        Ok(Kept { digest: digest.to_owned(), at, signature })
    };
    Ok(text.lines().enumerate().map(line).collect())
}

fn failed(path: &Path, e: &std::io::Error) -> Error {
    Error::Refused(format!("{}: {e}", path.display()))
}
