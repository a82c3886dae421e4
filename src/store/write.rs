//! The one way in which anything of a company changes.
//!
//! A [`Write`] holds the company's write lock from its first statement, so the order of commits is
//! the order of their numbers. It writes versions, heads, search, counters, the commit and the chain
//! in one transaction; dropped before [`Write::finish`], it leaves nothing.
mod heads;

use super::{
    branches, chain, counts,
    db::{Db, Tx},
    dialect,
    kinds::Stored,
    lines,
    ready::{Batch, CHUNK, Counts, Head, Place, Ready, Step},
    search, versions, words,
};
use crate::domain::{
    branch::Branch,
    field::Kind,
    history::{
        cause::Cause,
        chain::{Hash, Header, Leaf, body_hash, root},
    },
    scope::{Scope, World},
    time::{self, Ts},
};
use jiff::tz::TimeZone;
use sqlx::Result;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    time::Instant,
};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Steps made ready at once.
const READY: usize = 500;

/// A commit in the making.
pub struct Write {
    pub tx: Tx,
    db: Db,
    scope: Scope,
    seq: i64,
    at: Ts,
    prev: Hash,
    /// The commit that this one follows in its world, and the one that it merges.
    parents: [Option<i64>; 2],
    zone: TimeZone,
    leaves: Vec<Leaf>,
    counts: Counts,
    written: usize,
    /// What main's records are found by, by kind and row, where that is not written yet: whether the row
    /// is there already, and its words, if it is to have any.
    found_by: BTreeMap<Kind, BTreeMap<i64, (bool, Option<String>)>>,
    /// Since when the company's lock is held.
    since: Instant,
    /// Records that got a place in the index of words, by kind, and spans of words written.
    indexed: BTreeMap<Kind, usize>,
    spanned: usize,
}

/// What a commit says of itself.
pub struct Said<'a> {
    pub cause: Cause,
    pub message: &'a str,
}

impl Write {
    /// Takes the company's lock and its next number. Commit times strictly increase.
    pub async fn begin(db: &Db, scope: &Scope, now: Ts) -> Result<Self> {
        let mut tx = db.write(scope).await?;
        let next = chain::next(&mut tx, scope).await?;
        let since = Instant::now();
        // the zone decides to which month an order counts. Asked in a statement of its own: one that
        // waited for the lock would see the zone of before the wait
        let text = "SELECT timezone FROM companies WHERE id = $1";
        let zone: String = tx.sql(text).bind(scope.company()).value().await?;
        let zone = time::zone(&zone).unwrap_or(TimeZone::UTC);
        let (scope, parent) = chain::within(&mut tx, scope.clone(), next.main).await?;
        Ok(Self {
            tx,
            db: db.clone(),
            scope,
            seq: next.seq,
            at: now.max(Ts::from_micros(next.last.micros() + 1)),
            prev: next.prev,
            zone,
            parents: [parent, None],
            leaves: vec![],
            counts: Counts::new(),
            written: 0,
            since,
            found_by: BTreeMap::new(),
            indexed: BTreeMap::new(),
            spanned: 0,
        })
    }

    /// Ends this commit and begins another one, in another world perhaps, in the same transaction.
    pub async fn another(mut self, said: Said<'_>, scope: &Scope) -> Result<(i64, Self)> {
        let done = self.seal(said).await?;
        let next = chain::next(&mut self.tx, scope).await?;
        let (scope, parent) = chain::within(&mut self.tx, scope.clone(), next.main).await?;
        let at = Ts::from_micros(next.last.micros() + 1);
        let (seq, prev, parents) = (next.seq, next.prev, [parent, None]);
        let (leaves, counts) = (vec![], Counts::new());
        Ok((done, Self { scope, seq, at, prev, parents, leaves, counts, written: 0, ..self }))
    }

    /// The number of this commit.
    pub fn seq(&self) -> i64 {
        self.seq
    }
    /// Who writes where, as it is under the lock.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
    /// Opens the branch that this commit makes; the commit counts to it.
    pub async fn open_branch(&mut self, branch: Branch) -> Result<()> {
        branches::insert(&mut self.tx, &self.scope, &branch).await?;
        self.scope = self.scope.clone().in_world(World::Branch(branch));
        Ok(())
    }

    pub fn at(&self) -> Ts {
        self.at
    }
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Names the commit that this one merges, or takes back.
    pub fn merges(&mut self, seq: i64) {
        self.parents[1] = Some(seq);
    }
    /// Lets go of the records that the branch has versions of: they are main's again.
    pub async fn let_go<R: Stored>(&mut self, ids: &[Uuid]) -> Result<()> {
        for some in ids.chunks(CHUNK) {
            let ends = self.place().ends(&R::TEXTS, some);
            self.tx.built(ends).run().await?;
        }
        Ok(())
    }
    /// Lets go of everything of a kind that the branch has versions of and main too, be they of its deletion.
    pub async fn let_go_all<R: Stored>(&mut self) -> Result<()> {
        let (versions, place) = (R::TEXTS.versions, self.place());
        let mut sql = self.tx.builder();
        sql.push(R::TEXTS.close).bind(place.seq);
        sql.push(" WHERE company_id = ").bind(place.company);
        sql.push(" AND branch_id = ").bind(place.branch).push(" AND to_seq IS NULL");
        sql.push(" AND EXISTS (SELECT 1 FROM ").push(versions).push(" m WHERE m.company_id = ");
        sql.bind(place.company).push(" AND m.branch_id = 0 AND m.id = ").push(versions);
        sql.push(".id)");
        self.tx.built(sql).run().await?;
        Ok(())
    }
    /// From this commit on a branch shows main as it was at another base.
    pub async fn rebase(&mut self, branch: Branch, base: i64) -> Result<()> {
        branches::rebase(&mut self.tx, &self.scope, (branch.id, self.seq, base)).await?;
        self.change_branch(Branch { base, ..branch }).await
    }
    /// From this commit on a branch is otherwise.
    pub async fn change_branch(&mut self, branch: Branch) -> Result<()> {
        if self.scope.world().number() == branch.id {
            self.scope = self.scope.clone().in_world(World::Branch(branch));
            return Ok(());
        }
        branches::update(&mut self.tx, &self.scope, &branch).await
    }

    /// The record as it is now, under the lock.
    pub async fn current<R: Stored>(&mut self, id: Uuid) -> Result<Option<versions::Version>> {
        versions::current::<R>(&mut self.tx, &self.scope, id).await
    }

    /// What making steps ready has to know.
    pub fn place(&self) -> Place {
        let (engine, company, seq) = (self.tx.engine(), self.scope.company(), self.seq);
        let (branch, rev) = (self.scope.world().number(), self.tx.bodies().rev());
        Place { engine, company, branch, seq, rev, zone: self.zone.clone() }
    }

    /// Writes steps of one kind: a bounded number of statements, whatever their number. While some are
    /// written the next ones are made ready on another core.
    pub async fn put<R: Stored>(&mut self, steps: impl IntoIterator<Item = Step<R>>) -> Result<()> {
        let (place, mut steps) = (self.place(), steps.into_iter());
        let some: Vec<Step<R>> = steps.by_ref().take(READY).collect();
        let mut ready = Some(Batch::of(&place, some));
        while let Some(batch) = ready.take() {
            let (place, some) = (place.clone(), steps.by_ref().take(READY).collect::<Vec<_>>());
            let next = (!some.is_empty()).then(|| spawn_blocking(move || Batch::of(&place, some)));
            self.put_batch::<R>(batch).await?;
            if let Some(next) = next {
                ready = Some(next.await.map_err(io::Error::other)?);
            }
        }
        Ok(())
    }

    /// Codes that records of main give up for others to take, from what they are to what they will be, are
    /// free before that, or a swap would stand in its own way.
    pub async fn release<'a, R: Stored>(
        &mut self,
        sides: impl Iterator<Item = (Option<&'a R>, Option<&'a R>)> + Clone,
    ) -> Result<()> {
        if !self.on_main() {
            return Ok(());
        }
        let claim = |r: Option<&R>| r.and_then(R::claim);
        let moves = sides.filter(|s| claim(s.0) != claim(s.1));
        let taken: BTreeSet<String> = moves.clone().filter_map(|s| claim(s.1)).collect();
        let given = moves.filter(|s| claim(s.0).is_some_and(|key| taken.contains(&key)));
        let ids: Vec<Uuid> = given.filter_map(|s| Some(s.0?.id())).collect();
        for some in ids.chunks(CHUNK) {
            let mut sql = self.tx.builder();
            sql.push(R::TEXTS.released).bind(self.scope.company());
            sql.push(" AND id IN ").list(some);
            self.tx.built(sql).run().await?;
        }
        Ok(())
    }

    /// The same for what was made ready elsewhere.
    pub async fn put_batch<R: Stored>(&mut self, batch: Batch) -> Result<()> {
        let schema_rev = self.tx.bodies().rev();
        lines::remove(&mut self.tx, &self.scope, &batch.cleared).await?;
        for chunk in batch.chunks {
            let each = &chunk.each;
            for statement in chunk.statements {
                self.tx.built(statement).run().await?;
            }
            self.leaves.extend(each.iter().map(|r| Leaf {
                kind: R::KIND,
                id: r.id,
                schema_rev,
                deleted: r.deleted,
                body_hash: r.hash,
            }));
            self.spans(R::KIND, each).await?;
            if self.on_main() {
                let new = each.iter().filter(|r| r.head == Head::New).count();
                *self.indexed.entry(R::KIND).or_default() += new;
                self.heads((R::KIND, &R::TEXTS), each).await?;
            }
            self.grown(each.len()).await?;
        }
        for lines in batch.lines {
            self.tx.built(lines).run().await?;
        }
        for (key, (orders, gross)) in batch.counts {
            let entry = self.counts.entry(key).or_default();
            *entry = (entry.0 + orders, entry.1 + gross);
        }
        Ok(())
    }

    /// Heads, lines, words and counters are main's.
    fn on_main(&self) -> bool {
        self.scope.world() == &World::Main
    }

    /// Each time a commit has doubled, plans are looked at again.
    async fn grown(&mut self, by: usize) -> Result<()> {
        let next = |n: usize| if n < CHUNK { 0 } else { n.ilog2() };
        let before = next(self.written);
        self.written += by;
        if next(self.written) > before { dialect::replan(&mut self.tx).await } else { Ok(()) }
    }

    /// Counts every order anew by the months of another zone.
    pub async fn recount(&mut self, zone: &TimeZone) -> Result<()> {
        self.counts = counts::recount(&mut self.tx, &self.scope, zone).await?;
        Ok(())
    }

    /// The words of the past: those that main's records give up here, and on a branch those that its
    /// records have from now on.
    async fn spans(&mut self, kind: Kind, chunk: &[Ready]) -> Result<()> {
        let main = self.on_main();
        if !main {
            let ids: Vec<Uuid> = chunk.iter().map(|r| r.id).collect();
            words::end(&mut self.tx, &self.scope, (kind, self.seq), &ids).await?;
        }
        let to = if main { self.seq } else { i64::MAX };
        let each = chunk.iter().filter_map(|r| match (&r.old_words, r.deleted) {
            (old, _) if main => Some((r.id, old.clone()?)),
            (_, true) => None,
            _ => Some((r.id, r.words.clone())),
        });
        let spans: Vec<(Uuid, String)> = each.collect();
        self.spanned += spans.len();
        words::keep(&mut self.tx, &self.scope, (kind, to), &spans).await
    }

    /// Writes the commit, moves the chain and commits the transaction; once the lock is free, puts indexes of
    /// words together that grew. Returns the commit's number.
    pub async fn finish(mut self, said: Said<'_>) -> Result<i64> {
        let seq = self.seal(said).await?;
        self.tx.commit().await?;
        let held_ms = self.since.elapsed().as_millis();
        tracing::debug!(commit = seq, held_ms, "committed");
        let indexed = self.indexed.into_iter().map(|(kind, rows)| (search::index(kind), rows));
        for grown in indexed.chain([(search::SPANS, self.spanned)]) {
            // the change is there whatever comes of this
            if let Err(e) = search::settle(&self.db, &self.scope, grown).await {
                tracing::warn!(error = %e, "an index of words was not put together");
                break;
            }
        }
        Ok(seq)
    }

    async fn seal(&mut self, said: Said<'_>) -> Result<i64> {
        let counts = std::mem::take(&mut self.counts);
        counts::change(&mut self.tx, &self.scope, (self.seq, counts)).await?;
        for &kind in Kind::ALL {
            self.write_words(kind).await?;
        }
        let header = Header {
            company: self.scope.company(),
            seq: self.seq,
            branch: self.scope.world().number(),
            parents: self.parents,
            author: self.scope.actor().map(|u| u.0),
            author_kind: self.scope.author().word(),
            at: self.at,
            cause: said.cause.word(),
            message_hash: body_hash(said.message),
            root: root(&mut self.leaves),
            prev: self.prev,
        };
        let hash = header.hash();
        chain::append(&mut self.tx, (&header, said.message), (hash, self.leaves.len())).await?;
        if let Some(branch) = self.scope.world().branch() {
            let moved = Branch { head: self.seq, changed_at: self.at, ..branch.clone() };
            branches::update(&mut self.tx, &self.scope, &moved).await?;
        }
        Ok(self.seq)
    }
}
