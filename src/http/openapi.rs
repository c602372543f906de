//! The OpenAPI 3.1 document, made from the routes; `bodies` has the schemas that they name.

mod bodies;

use super::guard::COOKIE_NAME;
use super::route::{Access, PROBLEM, Route};
use crate::base::id::{AccountName, AgencyCode};
use crate::base::json::{Map, Value, json};
use crate::domain::account::{Person, StaffRole};
use crate::domain::token::Caller;

/// The document of these routes.
pub fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.to_owned(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "certless", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "Apache-2.0 OR MIT"}},
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "schemas": bodies::all_schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "responses": responses(route),
    });
    let Value::Object(map) = &mut operation else { return operation };
    let parameters = parameters(route);
    if !parameters.is_empty() {
        map.insert("parameters".to_owned(), parameters.into());
    }
    if !route.body.is_empty() {
        let content: Map = route.body.iter().map(|(media, schema)| ((*media).to_owned(), body(schema))).collect();
        map.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
    }
    if route.access != Access::Open {
        map.insert("security".to_owned(), security(route));
        let roles = StaffRole::ALL.into_iter().filter(|role| may(route.access, *role));
        map.insert("x-roles".to_owned(), roles.map(StaffRole::name).collect());
    }
    operation
}

fn security_schemes() -> Value {
    json!({
        "token": {"type": "http", "scheme": "bearer", "description": "A machine's token."},
        "session": {
            "type": "apiKey", "in": "cookie", "name": COOKIE_NAME, "description": "A person's session, of POST /api/session.",
        },
        "csrf": {
            "type": "apiKey", "in": "header", "name": "X-CSRF-Token",
            "description": "The session's `csrf`, beside the cookie wherever something changes.",
        },
    })
}

/// A token, or a session with what it must repeat.
fn security(route: &Route) -> Value {
    let session = if route.method == "get" { json!({"session": []}) } else { json!({"session": [], "csrf": []}) };
    if route.access.takes_tokens() { json!([{"token": []}, session]) } else { json!([session]) }
}

/// Whether a role's session may call what has this access.
fn may(access: Access, role: StaffRole) -> bool {
    let (Ok(account), Ok(agency)) = (AccountName::parse("x"), AgencyCode::parse("X")) else { return false };
    let Some(may) = role.as_caller(Some(&agency)) else { return false };
    let person = Person { account, name: String::new(), role, must_change: false };
    access.admits(&Caller { role: may, label: String::new(), created: String::new(), person: Some(person) })
}

/// `postApiCredentialsBatch`: the method and the path's words.
fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(route.method.to_owned(), |mut id, word| {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_ascii_uppercase());
        id.push_str(rest);
        id
    })
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name);
    let path = names.map(|name| {
        json!({"name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": {"type": "string"}})
    });
    let query = route.query.iter().map(|(name, description)| {
        json!({"name": name, "in": "query", "description": description, "schema": {"type": "string"}})
    });
    let headers = route.headers.iter().map(|(name, description)| {
        json!({"name": name, "in": "header", "description": description, "schema": {"type": "string"}})
    });
    path.chain(query).chain(headers).collect()
}

fn body(schema: &str) -> Value {
    match schema {
        "" => json!({"schema": {"type": "string"}}),
        "binary" => json!({"schema": {"type": "string", "format": "binary"}}),
        name => json!({"schema": {"$ref": format!("#/components/schemas/{name}")}}),
    }
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for (code, media, description) in route.answers {
        // Several media types of one status are one response.
        let response = responses.entry(code.to_string()).or_insert_with(|| json!({"description": description}));
        let (Value::Object(response), false) = (response, media.is_empty()) else { continue };
        if let Value::Object(content) = response.entry("content").or_insert_with(|| json!({})) {
            content.insert((*media).to_owned(), json!({}));
        }
    }
    responses.insert(
        "default".to_owned(),
        json!({"description": "A problem document.", "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}),
    );
    Value::Object(responses)
}
