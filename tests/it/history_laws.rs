//! L30: a save that changes nothing costs nothing, in any world: no commit, no version, no body.
use crate::{harness::TestApp, merges::commits, stories};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};
use tributary::{
    domain::{
        customer::Customer,
        field::{Field, Ty},
        order::{Order, State},
        page::{MasterFilter, OrderFilter},
        product::Product,
    },
    service::{
        branches,
        context::Ctx,
        orders,
        records::{self, Saved},
        subjects::Subject,
    },
    store::kinds::Master,
};
use uuid::Uuid;

const SAVES: usize = 10_000;

/// Some of a record's fields as they are, in the form in which people give them.
fn some_of(r: &mut StdRng, fields: &'static [Field], value: &Value) -> Value {
    let mut out = Map::new();
    for f in fields.iter().filter(|f| f.input && f.name != "position") {
        let now = &value[f.name];
        if let (Ty::Parts(_, inner), Some(parts)) = (f.ty, now.as_array()) {
            let with_id = |part: &Value| {
                let mut given = some_of(r, inner, part);
                given["id"] = part["id"].clone();
                given
            };
            let all: Vec<Value> = parts.iter().map(with_id).collect();
            if r.random_bool(0.3) {
                out.insert(f.name.into(), json!(all));
            }
        } else if r.random_bool(0.3) {
            out.insert(f.name.into(), now.clone());
        }
    }
    Value::Object(out)
}

/// Saves a record as it is.
async fn again<R: Subject>(r: &mut StdRng, ctx: &Ctx, ids: &[Uuid]) {
    let id = *ids.choose(r).unwrap();
    let now = records::show::<R>(ctx, id).await.unwrap();
    let given = some_of(r, R::FIELDS, &now.record.value());
    let saved = records::save::<R>(ctx, id, now.seq, &given).await;
    assert!(matches!(saved, Ok(Saved::Unchanged(_))), "{given}: {}", now.record.body());
}

async fn masters<M: Master + Subject>(ctx: &Ctx) -> Vec<Uuid> {
    let every = MasterFilter { size: 1_000, ..MasterFilter::default() };
    records::list::<M>(ctx, &every).await.unwrap().0.rows.iter().map(M::id).collect()
}

async fn rows(app: &TestApp) -> Vec<String> {
    let mut out = vec![];
    for kind in ["order", "customer", "product", "tax_code"] {
        for table in ["versions", "bodies"] {
            app.database.no_walls(&format!("{kind}_{table}")).await;
            let count = format!("SELECT CAST(COUNT(*) AS TEXT) FROM {kind}_{table}");
            out.extend(app.database.ask(&count).await);
        }
    }
    out
}

stories! {
    async fn l30_holds(app) {
        let main = app.ctx("alpha").await;
        let b = crate::merges::branch(&app.program("alpha"), "Try").await;
        let worlds = [main.clone(), branches::enter(main.clone(), &b).await.unwrap()];
        let drafts = OrderFilter { states: vec![State::Draft], size: 1_000, ..OrderFilter::all() };
        let drafts = orders::page(&main, &drafts).await.unwrap().rows;
        let drafts: Vec<Uuid> = drafts.iter().map(|o| o.id.0).collect();
        let (customers, products) = (masters::<Customer>(&main).await, masters::<Product>(&main).await);
        let (before, stored) = (commits(app).await, rows(app).await);
        let mut r = StdRng::seed_from_u64(30);
        for _ in 0..SAVES {
            let ctx = worlds.choose(&mut r).unwrap();
            match r.random_range(0..3) {
                0 => again::<Order>(&mut r, ctx, &drafts).await,
                1 => again::<Customer>(&mut r, ctx, &customers).await,
                _ => again::<Product>(&mut r, ctx, &products).await,
            }
        }
        assert_eq!((commits(app).await, rows(app).await), (before, stored));
    }
}
