//! Main's rows and the words by which they are found.
use super::Write;
use crate::store::{
    kinds::Texts,
    ready::{Head, Ready},
};
use sqlx::Result;
use std::collections::BTreeMap;
use uuid::Uuid;

impl Write {
    pub(super) async fn heads(&mut self, texts: &Texts, chunk: &[Ready]) -> Result<()> {
        let company = self.scope.company();
        let (gone, alive): (Vec<&Ready>, Vec<&Ready>) = chunk.iter().partition(|r| r.deleted);
        if !gone.is_empty() {
            let ids: Vec<Uuid> = gone.iter().map(|r| r.id).collect();
            let mut sql = self.tx.builder();
            sql.push(texts.head_delete).bind(company);
            sql.push(" AND id IN ").list(&ids).push(" RETURNING doc, id");
            let docs = self.tx.built(sql).all::<(i64, Uuid)>().await?;
            self.unsearch(texts, docs.iter().map(|d| d.0).collect()).await?;
        }
        let (same, other): (Vec<&Ready>, Vec<&Ready>) =
            alive.iter().partition(|r| r.known && r.head == Head::Stays);
        let mut docs = self.heads_stay(texts, &same).await?;
        docs.extend(self.heads_change(texts, &other).await?);
        self.search(texts, &alive, &docs.into_iter().map(|(doc, id)| (id, doc)).collect()).await
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
        self.tx.built(sql).all().await
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

    async fn search(
        &mut self,
        texts: &Texts,
        alive: &[&Ready],
        docs: &BTreeMap<Uuid, i64>,
    ) -> Result<()> {
        let company = self.scope.company();
        let doc = |r: &Ready| docs.get(&r.id).copied().unwrap_or_default();
        let other: Vec<&Ready> = alive
            .iter()
            .filter(|r| r.head == Head::New || r.old_words.is_some())
            .copied()
            .collect();
        let known = other.iter().filter(|r| r.known);
        self.unsearch(texts, known.map(|r| doc(r)).collect()).await?;
        if other.is_empty() {
            return Ok(());
        }
        let mut sql = self.tx.builder();
        sql.push(texts.research).values(&other, |row, r| {
            row.bind(doc(r)).bind(company).bind(r.words.clone());
        });
        self.tx.built(sql).run().await?;
        Ok(())
    }

    async fn unsearch(&mut self, texts: &Texts, docs: Vec<i64>) -> Result<()> {
        if docs.is_empty() {
            return Ok(());
        }
        let mut sql = self.tx.builder();
        sql.push(texts.unsearch).list(&docs);
        self.tx.built(sql).run().await?;
        Ok(())
    }
}
