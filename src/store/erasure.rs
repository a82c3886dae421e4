//! Taking what was erased out of every table that holds it.
use super::{
    cell::Cell, db::Tx, kinds::Stored, masters::read, search::words_of, versions::raised,
    write::Write,
};
use crate::domain::{
    batch::Change,
    customer::Customer,
    history::{
        chain::body_hash,
        erasure::{COMPACTED, ERASED, Stub, erase},
    },
    ids::CompanyId,
    order::Order,
    scope::Scope,
    text::fold,
};
use sqlx::Result;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A kind of record that tells of a customer.
pub trait OfPerson: Stored {
    /// The versions' column that holds the customer's id.
    const PERSON: &'static str;
    /// The columns that hold the customer's name, as it is written and folded.
    const NAME: (&'static str, &'static str);
    /// What a customer is called.
    fn person_name(&self) -> Option<String> {
        None
    }
}
impl OfPerson for Customer {
    const PERSON: &'static str = "id";
    const NAME: (&'static str, &'static str) = ("name", "name_key");
    fn person_name(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
impl OfPerson for Order {
    const PERSON: &'static str = "customer_id";
    const NAME: (&'static str, &'static str) = ("customer_name", "customer_key");
}

crate::from_row!(HeldRow { branch_id, id, from_seq, to_seq, deleted, schema_rev, body_seq, body });
struct HeldRow {
    branch_id: i64,
    id: Uuid,
    from_seq: i64,
    to_seq: Option<i64>,
    deleted: bool,
    schema_rev: i64,
    body_seq: i64,
    body: String,
}

/// A version that is to be erased: as it will be.
struct Held<R> {
    stub: Stub,
    to_seq: Option<i64>,
    deleted: bool,
    schema_rev: i64,
    record: R,
    /// What becomes of its body, which stands by the commit that wrote it.
    body: String,
    body_seq: i64,
}

/// What was taken out.
#[derive(Default)]
pub struct Taken {
    pub stubs: Vec<Stub>,
    /// What the customer was called, which messages of commits may repeat.
    pub names: BTreeSet<String>,
    /// The commits that made the versions.
    pub seqs: BTreeSet<i64>,
}

impl Taken {
    /// Whether a text names the customer.
    fn is_named_in(&self, text: &str) -> bool {
        let text = fold(text);
        let names = self.names.iter().filter(|n| *n != ERASED).map(|n| fold(n));
        names.into_iter().any(|name| has_words(&text, &name))
    }
}

/// Takes a customer's personal values out of every version of a kind, on main and on branches, out of
/// what is shown now, and out of the words by which it was found.
pub async fn take<R: OfPerson>(w: &mut Write, person: Uuid, taken: &mut Taken) -> Result<()> {
    let held = held::<R>(w, person, taken).await?;
    for version in &held {
        put_stub(w, version).await?;
    }
    put_bodies(w, &held).await?;
    let current = |h: &&Held<R>| h.stub.branch == 0 && h.to_seq.is_none() && !h.deleted;
    for version in held.iter().filter(current) {
        put_head(w, version).await?;
    }
    let emptied = blank::<R>(w, person, taken).await?;
    let company = w.scope().company();
    let words = held.iter().map(|h| (h.stub, h.record.search_words(company)));
    let nothing = words_of(company, "");
    let words = words.chain(emptied.iter().map(|stub| (*stub, nothing.clone())));
    let mut by_record: BTreeMap<Uuid, Words> = BTreeMap::new();
    for (stub, words) in words {
        by_record.entry(stub.id).or_default().insert((stub.branch, stub.from_seq), words);
    }
    for (id, words) in by_record {
        put_words::<R>(w, id, &words).await?;
        forget::<R>(w, id).await?;
    }
    for stub in held.iter().map(|h| h.stub).chain(emptied) {
        taken.seqs.insert(stub.from_seq);
        taken.stubs.push(stub);
    }
    Ok(())
}

/// Words of versions, by their branch and commit.
type Words = BTreeMap<(i64, i64), String>;

/// Versions that a compaction emptied tell of the customer in their columns still.
async fn blank<R: OfPerson>(w: &mut Write, person: Uuid, taken: &mut Taken) -> Result<Vec<Stub>> {
    let (company, rev, seq) = (w.scope().company(), w.tx.bodies().rev(), w.seq());
    let (name, key) = R::NAME;
    let mut sql = w.tx.builder();
    sql.push("SELECT branch_id, id, from_seq, schema_rev, ").push(name).push(" FROM ");
    sql.push(R::TEXTS.versions).push(" v WHERE v.company_id = ").bind(company);
    sql.push(" AND erased_by IS NULL AND ").push(R::TEXTS.body_of_v).push(" = ").bind(COMPACTED);
    sql.push(" AND ").push(R::PERSON).push(" = ").bind(person);
    let rows: Vec<(i64, Uuid, i64, i64, String)> = w.tx.built(sql).all().await?;
    let (kind, hash, mut out) = (R::KIND, body_hash(COMPACTED), vec![]);
    for (branch, id, from_seq, schema_rev, called) in rows {
        let mut sql = w.tx.builder();
        sql.push("UPDATE ").push(R::TEXTS.versions).push(" SET schema_rev = ").bind(rev);
        sql.push(", leaf_rev = ").bind(schema_rev).push(", erased_by = ").bind(seq);
        sql.push(", stub_hash = ").bind(hash.to_vec());
        sql.push(", ").push(name).push(" = ").bind(ERASED);
        sql.push(", ").push(key).push(" = ").bind(fold(ERASED));
        sql.push(" WHERE company_id = ").bind(company).push(" AND branch_id = ").bind(branch);
        sql.push(" AND id = ").bind(id).push(" AND from_seq = ").bind(from_seq);
        w.tx.built(sql).run().await?;
        taken.names.insert(called);
        out.push(Stub { kind, branch, id, from_seq, rev, hash });
    }
    Ok(out)
}

async fn held<R: OfPerson>(w: &mut Write, person: Uuid, taken: &mut Taken) -> Result<Vec<Held<R>>> {
    let (company, schema) = (w.scope().company(), w.tx.bodies());
    let mut sql = w.tx.builder();
    sql.push("SELECT branch_id, id, from_seq, to_seq, deleted, schema_rev, body_seq, ");
    sql.push(R::TEXTS.body_of_v).push(" AS body FROM ").push(R::TEXTS.versions);
    sql.push(" v WHERE v.company_id = ").bind(company).push(" AND erased_by IS NULL AND ");
    sql.push(R::PERSON).push(" = ").bind(person).push(" ORDER BY branch_id, id, from_seq");
    let mut rows: Vec<HeldRow> = w.tx.built(sql).all().await?;
    rows.retain(|row| row.body != COMPACTED);
    let mut out: Vec<Held<R>> = vec![];
    for row in rows {
        let (body, _) = raised::<R>(schema, (row.schema_rev, row.body))?;
        let was: R = read(&body)?;
        taken.names.extend(was.person_name());
        let mut value = was.value();
        erase(R::FIELDS, &mut value);
        let record: R = read(&value.to_string())?;
        let body = record.body();
        let (branch, id, from_seq) = (row.branch_id, row.id, row.from_seq);
        let (kind, rev, hash) = (R::KIND, schema.rev(), body_hash(&body));
        let stub = Stub { kind, branch, id, from_seq, rev, hash };
        let HeldRow { to_seq, deleted, schema_rev, body_seq, .. } = row;
        out.push(Held { stub, to_seq, deleted, schema_rev, record, body, body_seq });
    }
    Ok(out)
}

async fn put_stub<R: OfPerson>(w: &mut Write, held: &Held<R>) -> Result<()> {
    let (company, rev, seq, stub) = (w.scope().company(), w.tx.bodies().rev(), w.seq(), held.stub);
    let mut sql = w.tx.builder();
    sql.push("UPDATE ").push(R::TEXTS.versions);
    sql.push(" SET (schema_rev, leaf_rev, erased_by, stub_hash, ");
    sql.push(R::TEXTS.columns).push(") = ").tuple(|row| {
        row.bind(rev).bind(held.schema_rev).bind(seq).bind(stub.hash.to_vec());
        held.record.columns().into_iter().for_each(|c: Cell| c.bind(row));
    });
    sql.push(" WHERE company_id = ").bind(company).push(" AND branch_id = ").bind(stub.branch);
    sql.push(" AND id = ").bind(stub.id).push(" AND from_seq = ").bind(stub.from_seq);
    w.tx.built(sql).run().await?;
    Ok(())
}

/// Each body once, though main may show that of a branch too.
async fn put_bodies<R: OfPerson>(w: &mut Write, held: &[Held<R>]) -> Result<()> {
    let (company, seq) = (w.scope().company(), w.seq());
    let each = held.iter().map(|h| ((h.stub.id, h.body_seq), &h.body));
    for ((id, body_seq), body) in each.collect::<BTreeMap<_, _>>() {
        let mut sql = w.tx.builder();
        sql.push("UPDATE ").push(R::TEXTS.bodies).push(" SET (body, erased_by) = ");
        sql.tuple(|row| {
            row.bind(body.clone()).bind(seq);
        });
        sql.push(" WHERE company_id = ").bind(company).push(" AND id = ").bind(id);
        sql.push(" AND seq = ").bind(body_seq);
        // one that is missing is a fault, which must not go on unseen
        if w.tx.built(sql).run().await? != 1 {
            return Err(sqlx::Error::RowNotFound);
        }
    }
    Ok(())
}

async fn put_head<R: OfPerson>(w: &mut Write, held: &Held<R>) -> Result<()> {
    let (company, stub) = (w.scope().company(), held.stub);
    let mut sql = w.tx.builder();
    sql.push(R::TEXTS.head_insert).values(&[held], |row, h| {
        row.bind(company).bind(stub.id).bind(stub.from_seq);
        h.record.columns().into_iter().for_each(|c| c.bind(row));
    });
    sql.push(R::TEXTS.head_update);
    let (doc, _): (i64, Uuid) = w.tx.built(sql).one().await?;
    let words = held.record.search_words(company);
    let texts = (R::TEXTS.unsearch, R::TEXTS.research);
    reword(&mut w.tx, texts, (company, doc, words)).await
}

async fn reword(
    tx: &mut Tx,
    (remove, insert): (&'static str, &'static str),
    (company, doc, words): (CompanyId, i64, String),
) -> Result<()> {
    let mut sql = tx.builder();
    sql.push(remove).list(&[doc]);
    tx.built(sql).run().await?;
    let mut sql = tx.builder();
    sql.push(insert).values(&[doc], |row, doc| {
        row.bind(*doc).bind(company).bind(words.clone());
    });
    tx.built(sql).run().await?;
    Ok(())
}

/// The words of the past, each as the version has them that it ended.
async fn put_words<R: OfPerson>(w: &mut Write, id: Uuid, words: &Words) -> Result<()> {
    const TEXTS: (&str, &str) = (
        "DELETE FROM span_search WHERE rowid IN ",
        "INSERT INTO span_search (rowid, company_id, words) ",
    );
    let company = w.scope().company();
    let mut sql = w.tx.builder();
    sql.push("SELECT s.doc, s.branch_id, MAX(v.from_seq) FROM word_spans s JOIN ");
    sql.push(R::TEXTS.versions).push(" v ON v.company_id = s.company_id AND v.branch_id = s.branch_id AND v.id = s.id AND v.from_seq < s.to_seq WHERE s.company_id = ");
    sql.bind(company).push(" AND s.kind = ").bind(R::KIND.word()).push(" AND s.id = ").bind(id);
    sql.push(" GROUP BY s.doc, s.branch_id");
    for (doc, branch, from) in w.tx.built(sql).all::<(i64, i64, i64)>().await? {
        // the words of a version that tells of somebody else, or was erased before, are its own
        if let Some(words) = words.get(&(branch, from)) {
            reword(&mut w.tx, TEXTS, (company, doc, words.clone())).await?;
        }
    }
    Ok(())
}

/// Decisions on the record's conflicts and keys by which it was made: both hold what was typed.
async fn forget<R: OfPerson>(w: &mut Write, id: Uuid) -> Result<()> {
    let company = w.scope().company();
    let text = "DELETE FROM resolutions WHERE company_id = $1 AND kind = $2 AND record_id = $3";
    let stmt = w.tx.sql(text).bind(company).bind(R::KIND.word().to_owned()).bind(id);
    stmt.run().await?;
    let text = "DELETE FROM idempotency_keys WHERE company_id = $1 AND record_id = $2";
    w.tx.sql(text).bind(company).bind(id).run().await?;
    Ok(())
}

/// Takes messages out of commits that name the customer. Which commits.
pub async fn take_messages(w: &mut Write, taken: &Taken) -> Result<Vec<i64>> {
    let (company, by, mut out) = (w.scope().company(), w.seq(), vec![]);
    for seq in &taken.seqs {
        let text = "SELECT message FROM commits WHERE company_id = $1 AND seq = $2 AND message_hash IS NULL";
        let found = w.tx.sql(text).bind(company).bind(*seq).optional::<(String,)>().await?;
        let Some((message,)) = found else { continue };
        if taken.names.iter().any(|name| message.contains(name.as_str())) {
            let text = "UPDATE commits SET message = $3, message_hash = $4, message_erased_by = $5 WHERE company_id = $1 AND seq = $2";
            let stmt = w.tx.sql(text).bind(company).bind(*seq).bind(ERASED.to_owned());
            stmt.bind(body_hash(&message).to_vec()).bind(by).run().await?;
            out.push(*seq);
        }
    }
    Ok(out)
}

/// Whether a text holds some words as they are, not as a part of others.
fn has_words(text: &str, words: &str) -> bool {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let ends = |(at, found): (usize, &str)| {
        apart(text[..at].chars().next_back()) && apart(text[at + found.len()..].chars().next())
    };
    !words.is_empty() && text.match_indices(words).any(ends)
}

/// Takes why many orders were cancelled at once, where it names the customer.
pub async fn take_reasons(w: &mut Write, taken: &Taken) -> Result<()> {
    let company = w.scope().company();
    let text = "SELECT id, change FROM batches WHERE company_id = $1";
    let all: Vec<(Uuid, String)> = w.tx.sql(text).bind(company).all().await?;
    for (id, change) in all {
        let Ok(Change::Move { command, reason }) = serde_json::from_str(&change) else { continue };
        if taken.is_named_in(&reason) {
            let change = Change::Move { command, reason: ERASED.to_owned() };
            let change =
                serde_json::to_string(&change).map_err(|e| sqlx::Error::Encode(e.into()))?;
            let text = "UPDATE batches SET change = $3 WHERE company_id = $1 AND id = $2";
            w.tx.sql(text).bind(company).bind(id).bind(change).run().await?;
        }
    }
    Ok(())
}

/// Takes what was said about branches where it names the customer. How many comments.
pub async fn take_comments(w: &mut Write, taken: &Taken) -> Result<usize> {
    let (company, by, mut out) = (w.scope().company(), w.seq(), 0);
    let text = "SELECT id, text FROM branch_comments WHERE company_id = $1 AND text <> ''";
    let all: Vec<(Uuid, String)> = w.tx.sql(text).bind(company).all().await?;
    for (id, said) in all {
        if taken.is_named_in(&said) {
            let text = "UPDATE branch_comments SET text = '', erased_by = $3 WHERE company_id = $1 AND id = $2";
            w.tx.sql(text).bind(company).bind(id).bind(by).run().await?;
            out += 1;
        }
    }
    Ok(out)
}

/// An erasure, as the database keeps it.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// The commit that says so.
    pub seq: i64,
    /// The customer's number, and why.
    pub number: String,
    pub basis: String,
}
crate::from_row!(Erasure { seq, number, basis });

/// Every erasure of a company.
pub async fn all(tx: &mut Tx, scope: &Scope) -> Result<Vec<Erasure>> {
    let text = "SELECT seq, number, basis FROM erasures WHERE company_id = $1 ORDER BY seq";
    tx.sql(text).bind(scope.company()).all().await
}

/// Whether anything was erased after a commit: no version tells of it.
pub async fn since(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<bool> {
    let text = "SELECT COUNT(*) FROM erasures WHERE company_id = $1 AND seq > $2";
    Ok(tx.sql(text).bind(scope.company()).bind(seq).value::<i64>().await? > 0)
}

/// Keeps one, in the transaction of its commit.
pub async fn keep(w: &mut Write, person: Uuid, (number, basis): (&str, &str)) -> Result<()> {
    let (company, seq) = (w.scope().company(), w.seq());
    let text = "INSERT INTO erasures (company_id, seq, record_id, number, basis) VALUES ($1, $2, $3, $4, $5)";
    let stmt = w.tx.sql(text).bind(company).bind(seq).bind(person);
    stmt.bind(number.to_owned()).bind(basis.to_owned()).run().await?;
    Ok(())
}

/// The customers that have a number, or had it, on main or on a branch.
pub async fn of_number(tx: &mut Tx, scope: &Scope, number: &str) -> Result<Vec<Uuid>> {
    let text = "SELECT DISTINCT id FROM customer_versions WHERE company_id = $1 AND code_key = $2 ORDER BY id";
    let stmt = tx.sql(text).bind(scope.company()).bind(fold(number));
    Ok(stmt.all::<(Uuid,)>().await?.into_iter().map(|r| r.0).collect())
}

/// A customer as somebody wrote it last, on main or on a branch, deleted or not.
pub async fn last(tx: &mut Tx, scope: &Scope, id: Uuid) -> Result<Option<Customer>> {
    let (schema, mut sql) = (tx.bodies(), tx.builder());
    sql.push("SELECT schema_rev, ").push(Customer::TEXTS.body_of_v);
    sql.push(" FROM customer_versions v WHERE v.company_id = ").bind(scope.company());
    sql.push(" AND id = ").bind(id).push(" ORDER BY from_seq DESC LIMIT 1");
    let row: Option<(i64, String)> = tx.built(sql).optional().await?;
    row.map(|stored| read(&raised::<Customer>(schema, stored)?.0)).transpose()
}

#[cfg(test)]
mod tests {
    use super::has_words;

    #[test]
    fn a_name_is_found_as_words_alone() {
        assert!(has_words("ask an, or ag & co", "ag & co") && has_words("ole", "ole"));
        assert!(!has_words("they want the whole", "an") && !has_words("the whole", "ole"));
        assert!(has_words("whole of ole", "ole") && !has_words("any", ""));
    }
}
