//! Whoever changes a stored byte behind the back is found out, and what was changed is named.
use crate::{
    branches::{edit, get, within},
    harness::{Engine, TestApp},
    history::unlock,
    merges::{branch, made, merge},
    stories,
};
use serde_json::json;
use tributary::{app::Rng, service::verify};

/// Bytes and hashes that are changed, one at a time.
const ROUNDS: usize = 180;

/// What verify finds.
async fn found(app: &TestApp) -> Vec<String> {
    verify::run(&app.ctx("alpha").await).await.unwrap().found
}

/// An id, or a hash, as the database writes it.
fn bytes(app: &TestApp, hex: &str) -> String {
    let hex = hex.replace('-', "");
    match app.database.engine {
        Engine::Sqlite => format!("X'{hex}'"),
        Engine::Postgres if hex.len() == 32 => format!("'{hex}'::uuid"),
        Engine::Postgres => format!("'\\x{hex}'::bytea"),
    }
}

/// Another letter at a place of a text that is drawn by lot.
fn letter(column: &str, lot: &Rng) -> String {
    let at = format!("(1 + {} % length({column}))", lot.index(10_000));
    format!(
        "{column} = substr({column}, 1, {at} - 1) || CASE WHEN substr({column}, {at}, 1) = 'x' THEN 'y' ELSE 'x' END || substr({column}, {at} + 1)"
    )
}

stories! {
    async fn c94_the_record_or_the_commit_is_named_whatever_byte_is_changed(app) {
        let (api, lot) = (app.program("alpha"), Rng::seeded(94));
        let mut versions: Vec<(String, i64)> = vec![];
        for n in 0..4 {
            let url = made(&api, "products", json!({"sku": format!("T-{n}"), "name": "Made", "tags": ["a", "b"]})).await;
            versions.push((url.clone(), get(&api, &url).await["version"].as_i64().unwrap()));
            edit(&api, &url, json!({"name": "Changed", "unit_price": "3.50"})).await;
            versions.push((url.clone(), get(&api, &url).await["version"].as_i64().unwrap()));
        }
        let b = branch(&api, "Try").await;
        for url in [versions[0].0.clone(), versions[2].0.clone()] {
            let there = within(&url, &b);
            edit(&api, &there, json!({"name": "There"})).await;
            versions.push((url, get(&api, &there).await["version"].as_i64().unwrap()));
        }
        let own = made(&api, "products", json!({"sku": "T-9", "name": "Gone"})).await;
        api.post(&format!("/api/v1{own}/deletion"), &json!({})).await.expect(204);
        merge(&api, &b).await.unwrap();
        unlock(app).await;
        app.database.tamper("CREATE TABLE kept_versions AS SELECT * FROM product_versions; CREATE TABLE kept_bodies AS SELECT * FROM product_bodies; CREATE TABLE kept_commits AS SELECT * FROM commits; CREATE TABLE kept_heads AS SELECT * FROM products").await;
        assert_eq!(found(app).await, Vec::<String>::new());
        // what is no JSON any more is refused by SQLite's own tools unless they are told not to look
        let unchecked = match app.database.engine {
            Engine::Sqlite => "PRAGMA ignore_check_constraints = ON;",
            Engine::Postgres => "",
        };
        for round in 0..ROUNDS {
            let (url, seq) = &versions[lot.index(versions.len())];
            let id = url.rsplit('/').next().unwrap();
            let is = bytes(app, id);
            let hash = bytes(app, &format!("{:064x}", lot.index(usize::MAX)));
            let (table, kept, row, set, column, named) = match round % 6 {
                0 | 1 => ("product_bodies", "kept_bodies", format!("id = {is} AND seq = {seq}"), letter("body", &lot), "body", format!("product {id} at {seq}")),
                2 => ("product_versions", "kept_versions", format!("id = {is} AND from_seq = {seq}"), format!("body_hash = {hash}"), "body_hash", format!("product {id} at {seq}")),
                3 => ("commits", "kept_commits", format!("seq = {seq}"), letter("message", &lot), "message", format!("commit {seq}:")),
                4 => ("commits", "kept_commits", format!("seq = {seq}"), format!("hash = {hash}"), "hash", format!("commit {seq}:")),
                _ => ("products", "kept_heads", format!("id = {is}"), letter("name", &lot), "name", format!("product {id}: the head")),
            };
            app.database.tamper(&format!("{unchecked}UPDATE {table} SET {set} WHERE {row}")).await;
            let told = found(app).await;
            assert!(told.iter().any(|f| f.starts_with(&named)), "{set} of {row}: {told:?}");
            // nothing else is blamed, but for the commit of a version and the one after a commit
            let near = |f: &String| f.contains(id) || f.starts_with(&format!("commit {seq}:")) || f.starts_with(&format!("commit {}:", seq + 1));
            assert!(told.iter().all(near), "{set} of {row}: {told:?}");
            let same = row.replace(" AND ", " AND k.");
            app.database.tamper(&format!("UPDATE {table} SET {column} = (SELECT k.{column} FROM {kept} k WHERE k.{same}) WHERE {row}")).await;
            assert_eq!(found(app).await, Vec::<String>::new(), "not put back: {set}");
        }
        app.database.tamper("DROP TABLE kept_versions; DROP TABLE kept_bodies; DROP TABLE kept_commits; DROP TABLE kept_heads").await;
    }
}
