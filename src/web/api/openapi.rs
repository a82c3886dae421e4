//! The API described by itself: OpenAPI 3.1, made from the route table and the registry.
use crate::{
    domain::{
        customer::Customer,
        field::{Class, Field, Ty},
        order::Order,
        product::Product,
        record::Record,
        tax::TaxCode,
    },
    web::routes::{Access, table},
};
use axum::{Json, response::IntoResponse};
use serde_json::{Map, Value, json};

/// `GET /api/v1/openapi.json`
pub(in crate::web) async fn show() -> impl IntoResponse {
    Json(document())
}

fn document() -> Value {
    let mut paths = Map::new();
    for route in table() {
        let Access::Token(act) = route.access else { continue };
        let params = route.path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}'));
        let params: Vec<Value> = params
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let mut operation = json!({
            "summary": act.label(), "parameters": params, "security": [{"token": []}],
            "responses": {"default": {"description": "The record or list, or application/problem+json"}},
        });
        if route.method != axum::http::Method::GET {
            let schema = schema_of(route.path);
            operation["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
        }
        paths.entry(route.path).or_insert_with(|| json!({}))
            [route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Tributary", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "order": schema(Order::FIELDS), "customer": schema(Customer::FIELDS),
                "product": schema(Product::FIELDS), "tax_code": schema(TaxCode::FIELDS),
                "command": {"type": "object", "properties": {"version": {"type": "integer"}, "reason": {"type": "string"}}},
            },
        },
    })
}

fn schema_of(path: &str) -> Value {
    let kinds = [("/customers", "customer"), ("/products", "product"), ("/tax-codes", "tax_code")];
    let found = kinds.iter().find(|(p, _)| path.contains(p)).map(|(_, name)| *name);
    let command = !path.ends_with("/orders") && !path.ends_with("/{id}") && found.is_none();
    let name = found.unwrap_or(if command { "command" } else { "order" });
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn schema(fields: &'static [Field]) -> Value {
    let mut properties = Map::from_iter([(
        "id".to_owned(),
        json!({"type": "string", "format": "uuid", "readOnly": true}),
    )]);
    for f in fields {
        let mut one = ty(f.ty);
        one["title"] = json!(f.label);
        if matches!(f.class, Class::System | Class::Immutable) {
            one["readOnly"] = json!(true);
        }
        properties.insert(f.name.to_owned(), one);
    }
    let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn ty(ty: Ty) -> Value {
    match ty {
        Ty::Text(max) | Ty::Note(max) => json!({"type": "string", "maxLength": max}),
        Ty::Email => json!({"type": "string", "format": "email"}),
        Ty::Day => json!({"type": "string", "format": "date"}),
        Ty::Moment => json!({"type": "string", "format": "date-time"}),
        Ty::Country => json!({"type": "string", "description": "ISO 3166 alpha-2, or a name"}),
        Ty::Currency => json!({"type": "string", "description": "ISO 4217"}),
        Ty::Price | Ty::Qty => json!({"type": "string", "description": "a plain decimal"}),
        Ty::Rate => json!({"type": "string", "description": "percent"}),
        Ty::Whole(max) => json!({"type": "integer", "minimum": 0, "maximum": max}),
        Ty::Bool => json!({"type": "boolean"}),
        Ty::Word(words) => json!({"enum": words.iter().map(|(w, _)| *w).collect::<Vec<_>>()}),
        Ty::Ref(_) => json!({"type": "string", "description": "an id, or the code people use"}),
        Ty::Tags => json!({"type": "array", "items": {"type": "string"}}),
        Ty::Object(fields) => schema(fields),
        Ty::Parts(_, fields) => json!({"type": "array", "items": schema(fields)}),
    }
}
