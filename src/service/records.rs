//! Every record is read, made and changed here: one engine for customers, products, tax codes and
//! orders, for pages, the API and the command line.
use super::{
    context::Ctx,
    elsewhere,
    error::{Error, Result},
    references::{self, Titles, reference},
    subjects::Subject,
};
use crate::{
    domain::{
        check::Problems,
        field::{Ty, find},
        history::{
            cause::Cause,
            diff::{diff, part},
            erasure::{ERASED, personal},
            merge::{Conflict, ConflictKind, merge3},
            schema::Lost,
        },
        input,
        page::{Count, MasterFilter, Page},
        record::{self, Record, of_value},
        scope::World,
        veil,
    },
    store::{
        db::Tx,
        kinds::Master,
        masters::{self, read},
        orders as keys,
        ready::Step,
        versions,
        write::{Said, Write},
    },
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A record and the number of the commit that made it so.
#[derive(Clone, Debug)]
pub struct Current<R> {
    pub record: R,
    pub seq: i64,
}

impl<R: Subject> Current<R> {
    /// A record as who acts may see it.
    ///
    /// # Errors
    /// If what is left of it is no record.
    pub(super) fn told(ctx: &Ctx, record: R, seq: i64) -> Result<Self> {
        if veil::hidden::<R>(&ctx.scope).next().is_none() {
            return Ok(Self { record, seq });
        }
        let mut value = record.value();
        veil::veil::<R>(&ctx.scope, &mut value);
        Ok(Self { record: of_value(value)?, seq })
    }
}

/// What became of a save.
#[derive(Clone, Debug)]
pub enum Saved<R> {
    /// `merged`: someone else had changed other fields meanwhile, and both hold.
    Done { now: Current<R>, merged: bool },
    /// Nothing was different: no commit.
    Unchanged(Current<R>),
    /// Someone else changed the same fields. Nothing was written.
    Conflict(Clash),
}

impl<R> Saved<R> {
    /// In a word, for the message that follows.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done { merged: false, .. } => "saved",
            Self::Done { merged: true, .. } => "merged",
            Self::Unchanged(_) => "unchanged",
            Self::Conflict(_) => "conflict",
        }
    }
}

/// The fields that both sides changed, and the version to base the next try on.
#[derive(Clone, Debug)]
pub struct Clash {
    pub conflicts: Vec<Conflict>,
    pub seq: i64,
    /// What would be saved if the newcomer's values held: the form to go on with.
    pub mine: Value,
}

impl Clash {
    /// What the records are called that the conflicts name.
    ///
    /// # Errors
    /// As the database.
    pub async fn titles(&self, ctx: &Ctx) -> Result<Titles> {
        let fields = self.conflicts.iter().flat_map(|c| &c.fields);
        let values = fields.flat_map(|f| [&f.base, &f.ours, &f.theirs].map(|v| (f.ty, v)));
        references::titles(ctx, values.filter_map(|(ty, v)| reference(ty, v)).collect()).await
    }
}

/// What was typed is kept; the record can come back.
const GONE: &str = "Someone deleted this meanwhile. Restore it from Activity, then save again.";

/// A form of before would bring back what a law wants gone.
const ERASED_SINCE: &str =
    "Personal data were erased since you opened this. Open it again, then make your change.";

fn brings_back<R: Subject>(given: &Value) -> bool {
    let texts = personal(R::FIELDS, given).into_iter();
    texts.map(str::trim).any(|t| !t.is_empty() && t != ERASED)
}

/// The revision of bodies that forms are of.
pub fn revision(ctx: &Ctx) -> i64 {
    ctx.app.db.bodies().rev()
}

/// What was typed into a form of a former revision, in the fields of now, and that it has to be looked
/// at; none if its kind is what it was.
pub fn renewed<R: Subject>(ctx: &Ctx, rev: i64, given: &Value) -> Option<(Value, Problems)> {
    let schema = ctx.app.db.bodies();
    if !schema.changed(R::KIND, rev) {
        return None;
    }
    let (given, gone) = schema.retell(R::KIND, (rev, given.clone()));
    let text = |l: &Lost| l.value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
    let gone =
        gone.iter().filter_map(|l| Some(format!(" {} is kept no more: {}.", l.label, text(l)?)));
    let gone: String = gone.collect();
    let what = "Tributary was renewed while this form was open. What you typed is kept:";
    Some((given, Problems::at("", format!("{what} look at it, then save again.{gone}"))))
}

/// The record as it is now.
pub async fn show<R: Subject>(ctx: &Ctx, id: Uuid) -> Result<Current<R>> {
    ctx.may(R::READ)?;
    let mut tx = ctx.glance().await?;
    match versions::current::<R>(&mut tx, &ctx.scope, id).await? {
        Some(version) => Current::told(ctx, read(&version.body)?, version.number()),
        None => Err(elsewhere::missing::<R>(ctx, id).await),
    }
}

/// A page of master records with their count.
pub async fn list<M: Subject + Master>(
    ctx: &Ctx,
    filter: &MasterFilter,
) -> Result<(Page<M>, Count)> {
    ctx.may(M::READ)?;
    let mut tx = ctx.read().await?;
    ctx.can_search(&mut tx, &filter.search).await?;
    let mut page = masters::page::<M>(&mut tx, &ctx.scope, filter).await?;
    for record in &mut page.rows {
        *record = Current::told(ctx, record.clone(), 0)?.record;
    }
    let count = match page.whole() {
        Some(count) => count,
        None => masters::count::<M>(&mut tx, &ctx.scope, filter).await?,
    };
    Ok((page, count))
}

/// Makes a record. The same `key` with the same input gives the first one again.
pub async fn create<R: Subject>(ctx: &Ctx, given: &Value, key: Option<&str>) -> Result<Current<R>> {
    may_save::<R>(ctx)?;
    let mut w = ctx.write().await?;
    let print = Sha256::digest(format!("{}{given}", R::KIND)).to_vec();
    if let Some(key) = key
        && let Some((known, id)) = keys::key_of(&mut w.tx, &ctx.scope, ctx.actor(), key).await?
    {
        drop(w);
        return if known == print { show(ctx, id).await } else { Err(Error::KeyReused) };
    }
    let blank = R::blank_for(ctx);
    let given = resolved::<R>(ctx, &mut w.tx, &blank, given.clone()).await?;
    let mut value = input::apply(R::FIELDS, &blank, &given, &mut || ctx.next_id())?;
    value["id"] = Value::String(ctx.next_id().to_string());
    references::check::<R>(ctx, &mut w.tx, (&blank, &value)).await?;
    R::enrich(ctx, &mut w.tx, &blank, &mut value).await?;
    salt::<R>(ctx, &blank, &mut value);
    let record: R = of_value(value)?;
    R::admit(ctx, None, &record)?;
    if let Some(key) = key {
        let kept = (key, print.as_slice(), record.id(), ctx.now());
        keys::keep_key(&mut w.tx, &ctx.scope, ctx.actor(), kept).await?;
    }
    let message = format!("Created {} {}", R::KIND.label().to_lowercase(), record.title());
    let seq = put(ctx, w, Step::new(record.clone()), (Cause::Create, &message)).await?;
    Current::told(ctx, record, seq)
}

/// A form whose kind only merges change here comes back with what was typed.
fn may_save<R: Subject>(ctx: &Ctx) -> Result<()> {
    ctx.may(R::WRITE)?;
    ctx.protected(R::KIND).map_or(Ok(()), |why| Err(Error::at("", why)))
}

/// Saves a change that was made to the version `base`. Disjoint changes of others are merged in.
pub async fn save<R: Subject>(ctx: &Ctx, id: Uuid, base: i64, given: &Value) -> Result<Saved<R>> {
    may_save::<R>(ctx)?;
    let mut w = ctx.write().await?;
    let Some(ours) = w.current::<R>(id).await? else {
        let was = versions::at::<R>(&mut w.tx, &ctx.scope, id, base).await?.is_some();
        return Err(if was { Error::at("", GONE) } else { Error::NotFound });
    };
    let based_on = if base == ours.seq || base == ours.number() {
        ours.clone()
    } else {
        let found = versions::at::<R>(&mut w.tx, &ctx.scope, id, base).await?;
        // one that is yet to come would hide what others changed
        let found = found.filter(|_| base < ours.seq);
        let unknown = "This version is not known; open the record again";
        found.ok_or_else(|| Error::at("version", unknown))?
    };
    if base < based_on.number() && brings_back::<R>(given) {
        return Err(Error::at("", ERASED_SINCE));
    }
    let base_value = parsed(&based_on.body)?;
    let theirs = laid_over::<R>(ctx, &mut w.tx, &base_value, given).await?;
    let ours_value = parsed(&ours.body)?;
    let merged = merge3(R::FIELDS, &base_value, &ours_value, &theirs);
    let conflicts = disagreed::<R>([&base_value, &ours_value, &theirs]);
    if !conflicts.is_empty() {
        let mut mine = merge3(R::FIELDS, &base_value, &theirs, &ours_value).value;
        as_new::<R>(&mut mine, &ours_value);
        veil::veil::<R>(&ctx.scope, &mut mine);
        return Ok(Saved::Conflict(Clash { conflicts, seq: ours.number(), mine }));
    }
    let (before, after): (R, R) = (read(&ours.body)?, of_value(merged.value)?);
    if after.body() == ours.body {
        return Ok(Saved::Unchanged(Current::told(ctx, before, ours.number())?));
    }
    R::admit(ctx, Some(&before), &after)?;
    let message = changed(&before, &after);
    let seq = put(ctx, w, Step::from(before, after.clone()), (Cause::Edit, &message)).await?;
    let now = Current::told(ctx, after, seq)?;
    Ok(Saved::Done { now, merged: based_on.seq != ours.seq })
}

/// What two people's changes of a record disagree on. What its state has frozen is told where it is admitted.
fn disagreed<R: Subject>([base, ours, theirs]: [&Value; 3]) -> Vec<Conflict> {
    if base == ours {
        return vec![];
    }
    let mut all = record::merge::<R>([base, ours, theirs].map(Some), &[]).conflicts;
    all.retain(|c| c.kind != ConflictKind::Locked);
    all
}

/// What input makes of a record.
///
/// # Errors
/// `Invalid` at what cannot be read, and at what names a record that is not here.
pub(super) async fn laid_over<R: Subject>(
    ctx: &Ctx,
    tx: &mut Tx,
    before: &Value,
    given: &Value,
) -> Result<Value> {
    let given = resolved::<R>(ctx, tx, before, given.clone()).await?;
    let mut after = input::apply(R::FIELDS, before, &given, &mut || ctx.next_id())?;
    references::check::<R>(ctx, tx, (before, &after)).await?;
    R::enrich(ctx, tx, before, &mut after).await?;
    salt::<R>(ctx, before, &mut after);
    Ok(after)
}

/// Letters of a salt: as many as 128 random bits need.
const SALT: usize = 27;

/// Puts a random text beside each value that has one, when the value is first there.
fn salt<R: Record>(ctx: &Ctx, before: &Value, after: &mut Value) {
    for f in R::FIELDS.iter().filter(|f| !f.salts.is_empty()) {
        if after[f.name].is_null() && after[f.salts] != before[f.salts] {
            after[f.name] = Value::String(ctx.app.rng.word(SALT));
        }
    }
}

/// Parts that others removed meanwhile come back as new ones: their ids are known no more.
fn as_new<R: Subject>(mine: &mut Value, ours: &Value) {
    for f in R::FIELDS.iter().filter(|f| matches!(f.ty, Ty::Parts(..))) {
        let parts = mine.get_mut(f.name).and_then(Value::as_array_mut);
        let Some(parts) = parts else { continue };
        for given in parts {
            let known = given["id"].as_str().and_then(|id| part(&ours[f.name], id));
            if known.is_none() {
                given["id"] = Value::Null;
            }
        }
    }
}

/// Input with ids for the codes in it, and with what its kind fills in.
///
/// # Errors
/// `Invalid` at a field that is hidden from who acts, and at what names nothing.
pub async fn resolved<R: Subject>(
    ctx: &Ctx,
    tx: &mut Tx,
    before: &Value,
    mut given: Value,
) -> Result<Value> {
    if let Some((f, act)) = veil::hidden::<R>(&ctx.scope).find(|(f, _)| given.get(f.name).is_some())
    {
        let why = format!("Your role does not include the right to {}", act.label());
        return Err(Error::at(f.name, why));
    }
    references::resolve(ctx, tx, R::FIELDS, (before, &mut given)).await?;
    R::resolve(ctx, tx, before, given).await
}

/// The record under the lock, and whether it is still what the person saw.
pub(super) async fn seen<R: Subject>(
    w: &mut Write,
    id: Uuid,
    based_on: Option<i64>,
) -> Result<(R, Result<()>)> {
    let version = w.current::<R>(id).await?.ok_or(Error::NotFound)?;
    let same = based_on.is_none_or(|seq| seq == version.seq || seq == version.number());
    let kind = R::KIND.label().to_lowercase();
    let text = || format!("Someone changed this {kind} since you opened it. Look at it again.");
    let decided = if same { Ok(()) } else { Err(Error::Refused(text())) };
    Ok((read(&version.body)?, decided))
}

/// Writes one step and ends the commit.
///
/// # Errors
/// `Refused` if only merges change this kind here; `Invalid` at a value that another record has.
pub async fn put<R: Subject>(
    ctx: &Ctx,
    mut w: Write,
    step: Step<R>,
    (cause, message): (Cause, &str),
) -> Result<i64> {
    if w.scope().world() == &World::Main {
        let policy = ctx.policy_now(&mut w.tx).await?;
        if let Some(why) = ctx.protected_by(&policy, R::KIND) {
            return Err(Error::Refused(why));
        }
    } else if let Some(after) = &step.after {
        let scope = w.scope().clone();
        if after.is_taken(&mut w.tx, &scope).await? {
            return Err(taken::<R>(Error::Taken));
        }
    }
    w.put([step]).await.map_err(|e| taken::<R>(e.into()))?;
    Ok(w.finish(Said { cause, message }).await?)
}

/// A taken key is a problem of its field, not of the page.
fn taken<R: Subject>(e: Error) -> Error {
    match e {
        Error::Taken => Error::at(
            R::UNIQUE,
            format!("Another {} has this already", R::KIND.label().to_lowercase()),
        ),
        e => e,
    }
}

/// `Changed order SO-1: due date, note`; everybody reads it, so nothing of what some do not see.
fn changed<R: Subject>(before: &R, after: &R) -> String {
    let mut changes = diff(R::FIELDS, &before.value(), &after.value());
    changes.retain(|c| find(R::FIELDS, &c.path).is_none_or(|f| f.seen_with.is_none()));
    let labels: Vec<String> = changes.iter().take(4).map(|c| c.label.clone()).collect();
    let more =
        if changes.len() > 4 { format!(" and {} more", changes.len() - 4) } else { String::new() };
    let what = format!("Changed {} {}", R::KIND.label().to_lowercase(), after.title());
    if labels.is_empty() { what } else { format!("{what}: {}{more}", labels.join(", ")) }
}

pub(super) fn parsed(body: &str) -> Result<Value> {
    serde_json::from_str(body)
        .map_err(|e| Error::Ours(format!("a stored body does not parse: {e}")))
}
