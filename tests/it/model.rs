//! Random work on main and on branches, done by the program and by a model of it: whole maps in memory,
//! which share no code with the engine. Both databases follow the same script and must agree to the byte.
mod script;
mod state;

use crate::harness::{Engine, TestApp};
use script::Script;

/// Scripts, and steps of each.
const SCRIPTS: u64 = 4;
const STEPS: usize = 100;

/// C98, L8 to L11, L13, L20, L26, L29: what the model says is what either database does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c98_both_databases_do_what_the_model_says() {
    for seed in 0..SCRIPTS {
        let lite = told(Engine::Sqlite, seed).await.unwrap();
        match told(Engine::Postgres, seed).await {
            Some(post) => assert_eq!(lite, post, "script {seed}"),
            None => {
                eprintln!("left out on PostgreSQL: script {seed} of the model (no TEST_POSTGRES)");
            }
        }
    }
}

/// What the program told while it followed a script: every plan's hash, every commit, the digest of it
/// all at the end, which covers every body.
async fn told(engine: Engine, seed: u64) -> Option<Vec<String>> {
    let app = TestApp::start(engine).await?;
    let mut script = Script::begin(app.program("alpha"), seed).await;
    for step in 0..STEPS {
        script.step().await;
        if step % 25 == 24 {
            script.look_everywhere().await;
        }
    }
    app.audit().await;
    assert!(script.has_done_it_all(), "{:?}", script.done);
    let mut told = script.told;
    told.push(app.digest("alpha").await);
    Some(told)
}
