//! The one way in which anything of a company changes.
//!
//! A [`Write`] holds the company's write lock from its first statement, so the order of commits is
//! the order of their numbers. It writes versions, heads, search, counters, the commit and the chain
//! in one transaction; dropped before [`Write::finish`], it leaves nothing.
use super::{
    db::{Db, Tx},
    dialect,
    kinds::Stored,
    lines, versions,
};
use crate::domain::{
    history::chain::{GENESIS, Hash, Header, Leaf, body_hash, root},
    order::Order,
    record::{Record, SCHEMA_REV},
    scope::Scope,
    time::Ts,
};
use jiff::tz::TimeZone;
use sqlx::Result;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rows of one INSERT: enough to spread its cost, few enough to stay cached.
const CHUNK: usize = 100;

/// A record's step: `before` is `None` for a new one, `after` for one that is deleted.
#[derive(Clone, Debug)]
pub struct Step<R> {
    pub before: Option<R>,
    pub after: Option<R>,
}

impl<R> Step<R> {
    pub fn new(after: R) -> Self {
        Self { before: None, after: Some(after) }
    }
    pub fn from(before: R, after: R) -> Self {
        Self { before: Some(before), after: Some(after) }
    }
    fn subject(&self) -> Option<(&R, bool)> {
        match (&self.after, &self.before) {
            (Some(r), _) => Some((r, false)),
            (None, Some(r)) => Some((r, true)),
            (None, None) => None,
        }
    }
}

/// (month, state, currency) → (orders, gross)
type Counts = BTreeMap<(String, &'static str, &'static str), (i64, i64)>;

/// A commit in the making.
pub struct Write {
    pub tx: Tx,
    pub scope: Scope,
    seq: i64,
    at: Ts,
    prev: Hash,
    zone: TimeZone,
    leaves: Vec<Leaf>,
    counts: Counts,
    written: usize,
}

/// What a commit says of itself.
pub struct Said<'a> {
    pub cause: &'a str,
    pub message: &'a str,
}

impl Write {
    /// Takes the company's lock and its next number. Commit times strictly increase.
    pub async fn begin(db: &Db, scope: &Scope, zone: TimeZone, now: Ts) -> Result<Self> {
        let mut tx = db.write(scope).await?;
        let text = "UPDATE chains SET seq = seq + 1 WHERE company_id = $1 RETURNING seq, hash, at";
        let (seq, hash, last): (i64, Vec<u8>, Ts) =
            tx.sql(text).bind(scope.company()).one().await?;
        let at = now.max(Ts::from_micros(last.micros() + 1));
        let prev = hash.try_into().unwrap_or(GENESIS);
        let (scope, leaves, counts) = (scope.clone(), vec![], Counts::new());
        Ok(Self { tx, scope, seq, at, prev, zone, leaves, counts, written: 0 })
    }

    pub fn seq(&self) -> i64 {
        self.seq
    }
    pub fn at(&self) -> Ts {
        self.at
    }

    /// The record as it is now, under the lock.
    pub async fn current<R: Stored>(&mut self, id: Uuid) -> Result<Option<versions::Version>> {
        versions::current::<R>(&mut self.tx, &self.scope, id).await
    }

    /// Writes steps of one kind: a bounded number of statements, whatever their number.
    pub async fn put<R: Stored>(&mut self, steps: &[Step<R>]) -> Result<()> {
        for chunk in steps.chunks(CHUNK) {
            self.close(chunk).await?;
            self.insert(chunk).await?;
            self.heads(chunk).await?;
            self.grown(chunk.len()).await?;
        }
        Ok(())
    }

    /// Each time a commit has doubled, plans are looked at again.
    async fn grown(&mut self, by: usize) -> Result<()> {
        let next = |n: usize| if n < CHUNK { 0 } else { n.ilog2() };
        let before = next(self.written);
        self.written += by;
        if next(self.written) > before { dialect::replan(&mut self.tx).await } else { Ok(()) }
    }

    /// Orders also keep their lines as rows, and the counters of their months.
    pub async fn put_orders(&mut self, steps: &[Step<Order>]) -> Result<()> {
        lines::remove(&mut self.tx, &self.scope, steps).await?;
        self.put(steps).await?;
        lines::insert(&mut self.tx, &self.scope, steps).await?;
        for step in steps {
            self.count(step.before.as_ref(), -1);
            self.count(step.after.as_ref(), 1);
        }
        Ok(())
    }

    fn count(&mut self, order: Option<&Order>, sign: i64) {
        let Some(order) = order else { return };
        let gross = order.totals().map(|t| t.gross).unwrap_or_default();
        let key = (order.placed_at.month(&self.zone), order.state.word(), order.currency.code());
        let entry = self.counts.entry(key).or_default();
        *entry = (entry.0 + sign, entry.1 + sign * gross);
    }

    async fn close<R: Stored>(&mut self, chunk: &[Step<R>]) -> Result<()> {
        let ids: Vec<Uuid> =
            chunk.iter().filter_map(|s| s.before.as_ref().map(Record::id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut sql = self.tx.builder();
        sql.push(R::TEXTS.close).bind(self.seq);
        sql.push(" WHERE company_id = ").bind(self.scope.company());
        sql.push(" AND branch_id = ").bind(self.scope.world().branch());
        sql.push(" AND to_seq IS NULL AND id IN ").list(&ids);
        self.tx.built(sql).run().await?;
        Ok(())
    }

    async fn insert<R: Stored>(&mut self, chunk: &[Step<R>]) -> Result<()> {
        let (company, branch, seq) = (self.scope.company(), self.scope.world().branch(), self.seq);
        let mut sql = self.tx.builder();
        let leaves = &mut self.leaves;
        sql.push(R::TEXTS.insert).values(chunk, |row, step| {
            let Some((record, deleted)) = step.subject() else { return };
            let body = record.body();
            let hash = body_hash(&body);
            let (kind, id, schema_rev) = (R::KIND, record.id(), SCHEMA_REV);
            leaves.push(Leaf { kind, id, schema_rev, deleted, body_hash: hash });
            row.bind(company).bind(branch).bind(id).bind(seq).bind(deleted);
            row.bind(SCHEMA_REV).bind(body).bind(hash.to_vec());
            record.columns().into_iter().for_each(|c| c.bind(row));
        });
        self.tx.built(sql).run().await?;
        Ok(())
    }

    async fn heads<R: Stored>(&mut self, chunk: &[Step<R>]) -> Result<()> {
        let company = self.scope.company();
        let gone: Vec<Uuid> = chunk
            .iter()
            .filter(|s| s.after.is_none())
            .filter_map(|s| s.before.as_ref().map(Record::id))
            .collect();
        if !gone.is_empty() {
            let mut sql = self.tx.builder();
            sql.push(R::TEXTS.head_delete).bind(company);
            sql.push(" AND id IN ").list(&gone).push(" RETURNING doc, id");
            let docs = self.tx.built(sql).all::<(i64, Uuid)>().await?;
            self.unsearch::<R>(docs.iter().map(|d| d.0).collect()).await?;
        }
        let alive: Vec<(&R, bool)> = chunk
            .iter()
            .filter_map(|s| s.after.as_ref().map(|r| (r, s.before.is_some())))
            .collect();
        if alive.is_empty() {
            return Ok(());
        }
        let seq = self.seq;
        let mut sql = self.tx.builder();
        sql.push(R::TEXTS.head_insert).values(&alive, |row, (record, _)| {
            row.bind(company).bind(record.id()).bind(seq);
            record.columns().into_iter().for_each(|c| c.bind(row));
        });
        sql.push(R::TEXTS.head_update);
        let docs: BTreeMap<Uuid, i64> = self
            .tx
            .built(sql)
            .all::<(i64, Uuid)>()
            .await?
            .into_iter()
            .map(|(d, id)| (id, d))
            .collect();
        self.search(&alive, &docs).await
    }

    async fn search<R: Stored>(
        &mut self,
        alive: &[(&R, bool)],
        docs: &BTreeMap<Uuid, i64>,
    ) -> Result<()> {
        let company = self.scope.company();
        let doc = |r: &R| docs.get(&r.id()).copied().unwrap_or_default();
        let known = alive.iter().filter(|(_, known)| *known).map(|(r, _)| doc(r)).collect();
        self.unsearch::<R>(known).await?;
        let mut sql = self.tx.builder();
        sql.push(R::TEXTS.research).values(alive, |row, (record, _)| {
            row.bind(doc(record)).bind(company).bind(record.search_words(company));
        });
        self.tx.built(sql).run().await?;
        Ok(())
    }

    async fn unsearch<R: Stored>(&mut self, docs: Vec<i64>) -> Result<()> {
        if docs.is_empty() {
            return Ok(());
        }
        let mut sql = self.tx.builder();
        sql.push(R::TEXTS.unsearch).list(&docs);
        self.tx.built(sql).run().await?;
        Ok(())
    }

    /// Writes the commit, moves the chain and commits the transaction. Returns the commit's number.
    pub async fn finish(mut self, said: Said<'_>) -> Result<i64> {
        self.flush_counts().await?;
        let header = Header {
            company: self.scope.company(),
            seq: self.seq,
            branch: self.scope.world().branch(),
            parents: [Some(self.seq - 1).filter(|p| *p > 0), None],
            author: self.scope.actor().map(|u| u.0),
            author_kind: self.scope.author().word(),
            at: self.at,
            cause: said.cause,
            message: said.message,
            root: root(&mut self.leaves),
            prev: self.prev,
        };
        let hash = header.hash();
        insert_commit(&mut self.tx, &header, (hash, self.leaves.len())).await?;
        let text = "UPDATE chains SET hash = $2, at = $3 WHERE company_id = $1";
        self.tx.sql(text).bind(header.company).bind(hash.to_vec()).bind(self.at).run().await?;
        let seq = self.seq;
        self.tx.commit().await?;
        Ok(seq)
    }

    async fn flush_counts(&mut self) -> Result<()> {
        let company = self.scope.company();
        let rows: Vec<_> =
            std::mem::take(&mut self.counts).into_iter().filter(|(_, n)| *n != (0, 0)).collect();
        for chunk in rows.chunks(CHUNK) {
            let mut sql = self.tx.builder();
            sql.push(
                "INSERT INTO order_counts (company_id, month, state, currency, orders, gross) ",
            );
            sql.values(chunk, |row, ((month, state, currency), (orders, gross))| {
                row.bind(company).bind(month.clone()).bind(*state).bind(*currency);
                row.bind(*orders).bind(*gross);
            });
            sql.push(" ON CONFLICT (company_id, month, state, currency) DO UPDATE SET orders = order_counts.orders + excluded.orders, gross = order_counts.gross + excluded.gross");
            self.tx.built(sql).run().await?;
        }
        Ok(())
    }
}

async fn insert_commit(tx: &mut Tx, h: &Header<'_>, (hash, records): (Hash, usize)) -> Result<()> {
    let records = i64::try_from(records).unwrap_or(i64::MAX);
    let mut sql = tx.builder();
    sql.push("INSERT INTO commits (company_id, seq, branch_id, parent_seq, merged_seq, author_id, author_kind, at, cause, message, records, root, prev, hash) ");
    sql.values(&[h], |row, h| {
        row.bind(h.company).bind(h.seq).bind(h.branch).bind(h.parents[0]).bind(h.parents[1]);
        row.bind(h.author).bind(h.author_kind.to_owned()).bind(h.at).bind(h.cause.to_owned());
        row.bind(h.message.to_owned()).bind(records);
        row.bind(h.root.to_vec()).bind(h.prev.to_vec()).bind(hash.to_vec());
    });
    tx.built(sql).run().await?;
    Ok(())
}
