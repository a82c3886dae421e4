//! Main's rows and the words by which they are found.
use super::Write;
use crate::{
    domain::field::Kind,
    store::{
        kinds::{Texts, texts_of},
        ready::{CHUNK, Head, Ready},
    },
};
use sqlx::Result;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rows of an index of words that are kept for one turn.
const AT_ONCE: usize = 5_000;

impl Write {
    pub(super) async fn heads(
        &mut self,
        (kind, texts): (Kind, &Texts),
        chunk: &[Ready],
    ) -> Result<()> {
        let company = self.scope.company();
        let (gone, alive): (Vec<&Ready>, Vec<&Ready>) = chunk.iter().partition(|r| r.deleted);
        if !gone.is_empty() {
            let ids: Vec<Uuid> = gone.iter().map(|r| r.id).collect();
            let mut sql = self.tx.builder();
            sql.push(texts.head_delete).bind(company);
            sql.push(" AND id IN ").list(&ids).push(" RETURNING doc, id");
            let docs = self.tx.built(sql).all::<(i64, Uuid)>().await?;
            let found_by = self.found_by.entry(kind).or_default();
            for (doc, _) in docs {
                found_by.entry(doc).or_insert((true, None)).1 = None;
            }
        }
        let (same, other): (Vec<&Ready>, Vec<&Ready>) =
            alive.iter().partition(|r| r.known && r.head == Head::Stays);
        let mut docs = self.heads_stay(texts, &same).await?;
        docs.extend(self.heads_change(texts, &other).await?);
        self.search(kind, &alive, &docs.into_iter().map(|(doc, id)| (id, doc)).collect()).await
    }

    /// Heads whose list columns are what they were show another version: no index has to be changed.
    async fn heads_stay(&mut self, texts: &Texts, rows: &[&Ready]) -> Result<Vec<(i64, Uuid)>> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
        let mut sql = self.tx.builder();
        sql.push(texts.head_stays).bind(self.seq);
        sql.push(" WHERE company_id = ").bind(self.scope.company());
        sql.push(" AND id IN ").list(&ids).push(" RETURNING doc, id");
        let found: Vec<(i64, Uuid)> = self.tx.built(sql).all().await?;
        // a head that is missing is a fault, which must not go on unseen
        if found.len() == ids.len() { Ok(found) } else { Err(sqlx::Error::RowNotFound) }
    }

    async fn heads_change(&mut self, texts: &Texts, rows: &[&Ready]) -> Result<Vec<(i64, Uuid)>> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let (company, seq) = (self.scope.company(), self.seq);
        let mut sql = self.tx.builder();
        sql.push(texts.head_insert).values(rows, |row, r| {
            row.bind(company).bind(r.id).bind(seq);
            r.columns.iter().cloned().for_each(|c| c.bind(row));
        });
        sql.push(texts.head_update);
        self.tx.built(sql).all().await
    }

    /// What main's records are found by from now on, once it is written.
    async fn search(
        &mut self,
        kind: Kind,
        alive: &[&Ready],
        docs: &BTreeMap<Uuid, i64>,
    ) -> Result<()> {
        let found_by = self.found_by.entry(kind).or_default();
        for r in alive.iter().filter(|r| r.head == Head::New || r.old_words.is_some()) {
            let doc = docs.get(&r.id).copied().unwrap_or_default();
            found_by.entry(doc).or_insert((r.known, None)).1 = Some(r.words.clone());
        }
        if found_by.len() >= AT_ONCE { self.write_words(kind).await } else { Ok(()) }
    }

    /// Writes what records of a kind are found by: each index takes its rows in the order of their numbers,
    /// or SQLite's would begin another piece of itself with every step back.
    pub(super) async fn write_words(&mut self, kind: Kind) -> Result<()> {
        let texts = texts_of(kind);
        let Some(words) = self.found_by.remove(&kind) else { return Ok(()) };
        let old: Vec<i64> = words.iter().filter(|w| w.1.0).map(|w| *w.0).collect();
        for some in old.chunks(CHUNK) {
            let mut sql = self.tx.builder();
            sql.push(texts.unsearch).list(some);
            self.tx.built(sql).run().await?;
        }
        let company = self.scope.company();
        let new = words.into_iter().filter_map(|(doc, (_, words))| Some((doc, words?)));
        let new: Vec<(i64, String)> = new.collect();
        for some in new.chunks(CHUNK) {
            let mut sql = self.tx.builder();
            sql.push(texts.research).values(some, |row, (doc, words)| {
                row.bind(*doc).bind(company).bind(words.clone());
            });
            self.tx.built(sql).run().await?;
        }
        Ok(())
    }
}
