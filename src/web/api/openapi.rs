//! The API described by itself: OpenAPI 3.1, made from the route table and the registry.
use crate::{
    domain::{
        customer::Customer,
        field::{Field, Kind, MAP_VALUE, Ty},
        order::Order,
        policy::Act,
        product::Product,
        record::Record,
        tax::TaxCode,
    },
    web::{
        query::{
            BRANCH_PARAMS, COMMIT_PARAM, COMMIT_PARAMS, DELETED_PARAMS, EVENT_PARAMS,
            MASTER_PARAMS, ORDER_PARAMS, Params,
        },
        routes::{Access, Route, table},
    },
};
use axum::{Json, http::Method, response::IntoResponse};
use serde_json::{Map, Value, json};

/// `GET /api/v1/openapi.json`
pub(in crate::web) async fn show() -> impl IntoResponse {
    Json(document())
}

fn document() -> Value {
    let mut paths = Map::new();
    for route in table() {
        if let Access::Token(act) = route.access {
            let operations = paths.entry(route.path).or_insert_with(|| json!({}));
            operations[route.method.as_str().to_lowercase()] = operation(&route, act);
        }
    }
    let mut schemas = Map::new();
    kind::<Order>(&mut schemas);
    kind::<Customer>(&mut schemas);
    kind::<Product>(&mut schemas);
    kind::<TaxCode>(&mut schemas);
    let as_of =
        json!({"type": "integer", "description": "of a restoration: the change as of which"});
    let reason = json!({"type": "string", "maxLength": 200});
    let command = json!({"version": version(), "reason": reason, "as_of": as_of});
    schemas.insert("command".into(), object(command, &[]));
    schemas.insert("problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Tributary", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    })
}

/// What a route is about, by its last segment: a list, one record, a command; or an answer of its own to
/// what may be asked for, and a body of its own.
enum About {
    List(Params),
    One,
    Command,
    Other(Params, &'static [(&'static str, &'static str)]),
}

fn about(path: &str) -> About {
    match path.rsplit('/').next().unwrap_or_default() {
        "orders" => About::List(ORDER_PARAMS),
        "events" => About::List(EVENT_PARAMS),
        "commits" => About::List(COMMIT_PARAMS),
        "deleted" => About::List(DELETED_PARAMS),
        "customers" | "products" | "tax-codes" => About::List(MASTER_PARAMS),
        "{id}" => About::One,
        "{seq}" => About::Other(COMMIT_PARAM, &[]),
        last => OTHERS
            .iter()
            .find(|(word, ..)| *word == last || path.contains(&format!("/{word}/{{kind}}")))
            .map_or(About::Command, |(_, asked, body)| About::Other(asked, body)),
    }
}

/// Name and meaning of texts.
type Texts = &'static [(&'static str, &'static str)];
const TWO: Texts = &[
    ("from", "with `to`: the number of a change; the answer tells the `changes` between the two"),
    ("to", "with `from`: the number of a change"),
];
const PLANNED: Texts = &[
    ("for", "sync: what bringing it up to date would do"),
    ("show", "conflicts: the records that have one"),
    ("from", "`next` of the page before"),
    ("only", "kind:id of some records, with commas between them: what merging these would do"),
];
const TOLD_BY: Texts =
    &[("show", "conflicts: the records that have one"), ("from", "`next` of the page before")];
const AGREED: (&str, &str) = ("plan", "the name of the plan that was looked at");
const MEANT: (&str, &str) =
    ("only", "the records that the plan was asked for, as a list of kind:id");
/// Routes that are neither lists nor records nor an order's commands: last segment, what may be asked
/// for, what the body says.
const OTHERS: &[(&str, Texts, Texts)] = &[
    ("history", TWO, &[]),
    ("batches", &[], &[]),
    ("proof", &[("to", "the number of the change to whose digest it leads")], &[]),
    ("tags", &[], &[("name", "what the point after this change is called, for good")]),
    ("plan", PLANNED, &[]),
    (
        "batch",
        &[("q", "as every other filter of the list: which records are meant")],
        &[
            ("do", "set, tag, untag, reprice, or an order's command"),
            ("field", "with `set`: the field"),
            ("value", "the value, the tag, by how many percent, or why it is cancelled"),
        ],
    ),
    (
        "branches",
        BRANCH_PARAMS,
        &[
            ("name", "what it is for"),
            ("note", "more about it"),
            ("visibility", "private or company"),
            (
                "copy_of",
                "the slug of a branch to begin as, base, changes and decisions; else main as it is",
            ),
        ],
    ),
    ("{slug}", &[("from", "how many of the last comments to leave out")], &[]),
    (
        "people",
        &[],
        &[
            ("visibility", "private or company"),
            ("user", "the id of a member who shall see it"),
            ("remove", "the id of one who shall not any more"),
        ],
    ),
    (
        "reviewers",
        &[],
        &[
            ("reviewer", "the id of a member who is asked for a review"),
            ("dismiss", "the id of one who is not any more"),
        ],
    ),
    (
        "resolutions",
        &[],
        &[
            ("all", "every open conflict of this kind; or one, by `kind`, `id` and `path`"),
            ("kind", "the kind of record"),
            ("id", "the record's id"),
            ("path", "the conflict's path"),
            ("choice", "ours, theirs or value"),
            ("value", "what shall be, with the choice `value`"),
            ("for", "sync or merge"),
            ("only", "the records that the plan was asked for, as a list of kind:id"),
        ],
    ),
    ("merge", &[], &[AGREED, MEANT, ("keep_open", "true: a merged branch stays open")]),
    ("sync", &[], &[AGREED]),
    ("revert", TOLD_BY, &[AGREED]),
    ("approval", &[], &[AGREED, MEANT]),
    ("withdrawal", &[], &[]),
    ("removal", &[], &[]),
    ("comments", &[], &[("text", "what is said, at most 2,000 characters")]),
    ("undoing", &[], &[]),
    ("discarding", &[], &[]),
    ("erasure", &[], &[("basis", "on which law or wish it rests; kept for ever")]),
];

fn operation(route: &Route, act: Act) -> Value {
    let names = route.path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}'));
    let mut params: Vec<Value> = names.map(|n| param(n, "path", "")).collect();
    let (of, about) = (Kind::ALL.iter().find(|k| route.path.contains(k.slug())), about(route.path));
    let name = of.map_or("commit", |k| k.word());
    let answer = match (&route.method, &about, of) {
        (&Method::GET, About::List(known), _) => {
            params.extend(known.iter().map(|(n, text)| param(n, "query", text)));
            json!({"type": "object", "properties": {"items": {"type": "array"}, "next": {"type": ["string", "integer", "null"]}}})
        }
        (_, About::Other(asked, _), _) => {
            params.extend(asked.iter().map(|(n, text)| param(n, "query", text)));
            json!({"type": "object"})
        }
        (.., None) => json!({"type": "object"}),
        _ => refer(name),
    };
    if route.shows.past {
        let text =
            "as it was: a commit's number, a moment, a day, which is its end, or a point's name";
        params.push(param("at", "query", text));
    }
    if matches!((&route.method, &about), (&Method::POST, About::List(_))) {
        let text = "at most 200 signs; a repeated request with one key is one act";
        params.push(param("Idempotency-Key", "header", text));
    }
    let done = done(route, &answer);
    let mut out = json!({
        "summary": act.label(), "parameters": params, "security": [{"token": []}],
        "responses": {
            "2XX": done,
            "default": {"description": "Why not", "content": {"application/problem+json": {"schema": refer("problem")}}},
        },
    });
    if let Some(schema) = input_of(&route.method, &about, name) {
        out["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    out
}

fn done(route: &Route, answer: &Value) -> Value {
    if route.path.ends_with("/deletion") {
        return json!({"description": "Gone"});
    }
    json!({"description": "Done", "content": {"application/json": {"schema": answer}}})
}

/// The schema of a request's body.
fn input_of(method: &Method, about: &About, name: &str) -> Option<Value> {
    match (method, about) {
        (&Method::GET, _) => None,
        (&Method::PATCH, _) => Some(refer(&format!("{name}_change"))),
        (_, About::Other(_, body)) => {
            let text = |text: &str| json!({"type": ["string", "boolean"], "description": text});
            let each = body.iter().map(|(n, told)| ((*n).to_owned(), text(told)));
            Some(object(each.collect::<Map<String, Value>>(), &[]))
        }
        (_, About::Command) => Some(refer("command")),
        _ => Some(refer(&format!("{name}_input"))),
    }
}

fn param(name: &str, place: &str, text: &str) -> Value {
    json!({"name": name, "in": place, "required": place == "path", "description": text, "schema": {"type": "string"}})
}

fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn version() -> Value {
    json!({"type": "integer", "description": "the commit that the change is based on"})
}

fn problem() -> Value {
    let text = || json!({"type": "string"});
    let fields = json!({"type": "object", "additionalProperties": text(), "description": "by path: lines.0.qty"});
    let conflict = json!({"type": "object", "description": "409: the version that stands, and both values of each field"});
    let all = json!({
        "type": text(), "title": text(), "status": {"type": "integer"}, "detail": text(),
        "request_id": text(), "fields": fields, "conflict": conflict,
    });
    object(all, &["type", "title", "status", "detail"])
}

fn object(properties: impl Into<Value>, required: &[&str]) -> Value {
    let properties: Value = properties.into();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The schemas of a kind: as it is told, as it is made, as it is changed.
fn kind<R: Record>(schemas: &mut Map<String, Value>) {
    let word = R::KIND.word();
    let id = json!({"type": "string", "format": "uuid"});
    let mut told = properties(R::FIELDS, false);
    told.extend([("id".to_owned(), id), ("version".to_owned(), version())]);
    if R::KIND == Kind::Order {
        told.insert("totals".into(), totals());
    }
    let mut change = properties(R::FIELDS, true);
    change.insert("version".into(), version());
    let required: Vec<&str> =
        R::FIELDS.iter().filter(|f| must_be_given(f)).map(|f| f.name).collect();
    let input = object(properties(R::FIELDS, true), &required);
    schemas.insert(format!("{word}_input"), input);
    schemas.insert(format!("{word}_change"), object(change, &["version"]));
    schemas.insert(word.into(), object(told, &["id", "version"]));
}

/// What a new record does not begin with: choices have a first value.
fn must_be_given(f: &Field) -> bool {
    f.required && f.input && !matches!(f.ty, Ty::Word(_) | Ty::Currency | Ty::Bool)
}

/// Derived, in major units of the order's currency.
fn totals() -> Value {
    let amount = || json!({"type": "string", "description": "a plain decimal"});
    let line = object(json!({"id": {"type": "string", "format": "uuid"}, "amount": amount()}), &[]);
    let tax = object(json!({"rate": ty(Ty::Rate, false), "net": amount(), "tax": amount()}), &[]);
    let all = json!({
        "lines": {"type": "array", "items": line}, "taxes": {"type": "array", "items": tax},
        "net": amount(), "tax": amount(), "gross": amount(),
    });
    object(all, &["net", "tax", "gross"])
}

fn properties(fields: &'static [Field], input: bool) -> Map<String, Value> {
    let told = fields.iter().filter(|f| f.input || !input);
    let each = told.map(|f| {
        let mut one = ty(f.ty, input);
        one["title"] = json!(f.label);
        if let Some(act) = f.seen_with {
            let text = format!("only with the right to {}", act.label());
            one["description"] = json!(text);
        }
        if input && !f.required {
            or_null(&mut one);
        }
        (f.name.to_owned(), one)
    });
    each.collect()
}

/// Told as text, so that no program rounds it; taken as a number too.
fn figure(input: bool) -> Value {
    if input { json!(["string", "number"]) } else { json!("string") }
}

/// `null` clears a field.
fn or_null(schema: &mut Value) {
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
    match schema.get_mut("type") {
        Some(Value::Array(all)) => all.push(json!("null")),
        Some(one) => *one = Value::Array(vec![one.take(), json!("null")]),
        None => {}
    }
}

fn ty(ty: Ty, input: bool) -> Value {
    match ty {
        Ty::Text(max) | Ty::Note(max) => json!({"type": "string", "maxLength": max}),
        Ty::Email => json!({"type": "string", "format": "email"}),
        Ty::Day => json!({"type": "string", "format": "date"}),
        Ty::Moment => json!({"type": "string", "format": "date-time"}),
        Ty::Country => json!({"type": "string", "description": "ISO 3166 alpha-2, or a name"}),
        Ty::Currency => json!({"type": "string", "description": "ISO 4217"}),
        Ty::Price | Ty::Qty => json!({"type": figure(input), "description": "a plain decimal"}),
        Ty::Rate => json!({"type": figure(input), "description": "percent"}),
        Ty::Whole(max) => json!({"type": "integer", "minimum": 0, "maximum": max}),
        Ty::Bool => json!({"type": "boolean"}),
        Ty::Word(words) => json!({"enum": words.iter().map(|(w, _)| *w).collect::<Vec<_>>()}),
        Ty::Ref(_) if input => {
            json!({"type": "string", "description": "an id, or the code people use"})
        }
        Ty::Ref(_) => json!({"type": "string", "format": "uuid"}),
        Ty::Tags => json!({"type": "array", "items": {"type": "string"}}),
        Ty::Map => json!({
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": MAP_VALUE},
            "description": "values by names of your own",
        }),
        Ty::Object(fields) => object(properties(fields, input), &[]),
        Ty::Parts(word, fields) => {
            let text = format!("the id of a {word} that stays; without one it is new");
            let mut each = properties(fields, input);
            each.insert(
                "id".into(),
                json!({"type": "string", "format": "uuid", "description": text}),
            );
            json!({"type": "array", "items": object(each, &[])})
        }
    }
}
