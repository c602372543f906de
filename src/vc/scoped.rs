//! Several types with contexts of their own on one node (type-scoped contexts, JSON-LD 1.1 API §5.1.2 step 11).
//!
//! `oxjsonld` applies the context of the last such type only. Here every node that needs more than one gets a
//! further type, last in order, that means nothing (its IRI is null) and whose context is all of theirs, in their order; so the
//! processor does what the specification says. For that, the contexts in force are followed through the document as far as
//! needed: which term is defined where, what context it carries, which terms stand for keywords. On the way, what the processor
//! would drop and only contexts tell is refused: indices, and graphs that say nothing. What it is not: context processing;
//! whatever is malformed is left to the processor.
//!
//! Nodes below index, language, id and type maps, `@nest`, `@graph`, `@included` and `@reverse` are left as they are.

use std::collections::HashMap;
use std::rc::Rc;

use super::contexts::Contexts;
use super::finding::Finding;
use super::jsonld::{lossy, too_much};
use crate::base::json::{Map, Value, json};

/// What the names of the added types begin with: the last character there is, so that they come last in order.
const LAST: char = '\u{10FFFF}';
/// Most term definitions that are looked at for one document.
const MOST_DEFINITIONS: usize = 500_000;
/// Deepest chain of contexts and of aliases.
const DEEPEST: usize = 16;

/// Adds the types that make the contexts of several types count; answers their definitions, for the document's first context.
///
/// The document is hardened already. Fails with `TooMuchWork`, and with `ModelViolation` where contexts cannot be joined.
pub(super) fn join(document: &mut Value, contexts: &Contexts) -> Result<Map, Finding> {
    let mut joined = Joined { contexts, left: MOST_DEFINITIONS, definitions: Map::new() };
    let changed = joined.value(document, &Scope::default(), None)?;
    if joined.definitions.is_empty() {
        return Ok(Map::new());
    }
    if document.to_string().contains(LAST) {
        return Err(lossy("the character U+10FFFF beside types with contexts of their own"));
    }
    let definitions = joined.definitions;
    *document = changed;
    Ok(definitions)
}

/// The terms in force, and those in force outside the node (the "previous context").
#[derive(Clone, Debug, Default)]
struct Scope<'a> {
    terms: Rc<HashMap<&'a str, Term<'a>>>,
    outside: Option<Rc<Self>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Term<'a> {
    /// The keyword that the term stands for.
    keyword: Option<&'a str>,
    /// The context that it carries.
    context: Option<&'a Value>,
    /// Whether its values are nodes in a plain way.
    is_plain: bool,
    /// Whether its values are graphs of their own.
    is_graph: bool,
    /// Whether its values stand in a map whose names are told nowhere.
    is_index: bool,
}

impl<'a> Scope<'a> {
    /// The keyword that a name is or stands for.
    fn keyword<'n>(&self, name: &'n str) -> Option<&'n str>
    where
        'a: 'n,
    {
        if name.starts_with('@') { Some(name) } else { self.terms.get(name).and_then(|term| term.keyword) }
    }

    /// The scope in which a node is read whose property belongs to this one.
    fn entered(&self, node: &Map) -> Self {
        let mut keywords = node.keys().map(|name| self.keyword(name));
        let is_value = keywords.clone().any(|keyword| keyword == Some("@value"));
        let is_reference = node.len() == 1 && keywords.next() == Some(Some("@id"));
        match &self.outside {
            Some(outside) if !is_value && !is_reference => Self::clone(outside),
            _ => self.clone(),
        }
    }
}

struct Joined<'a> {
    contexts: &'a Contexts,
    left: usize,
    definitions: Map,
}

impl<'a> Joined<'a> {
    fn value(&mut self, value: &'a Value, scope: &Scope<'a>, property: Option<Term<'a>>) -> Result<Value, Finding> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.value(item, scope, property)).collect(),
            Value::Object(node) => self.node(node, scope, property).map(Value::Object),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    fn node(&mut self, node: &'a Map, scope: &Scope<'a>, property: Option<Term<'a>>) -> Result<Map, Finding> {
        let mut scope = match property.and_then(|term| term.context) {
            // As the processor does: the property's context comes over that of the node that it belongs to.
            Some(context) => self.process(scope, context, true, 0)?,
            None => scope.entered(node),
        };
        if let Some(context) = node.get("@context") {
            scope = self.process(&scope, context, true, 0)?;
        }
        let mut type_names = node.keys().filter(|name| scope.keyword(name) == Some("@type"));
        let (type_name, another) = (type_names.next().cloned(), type_names.next());
        if another.is_some() {
            return Ok(node.clone());
        }
        let types = type_name.as_ref().and_then(|name| node.get(name));
        let (scope, added) = self.typed(scope, types)?;
        let mut changed = Map::new();
        for (name, value) in node {
            changed.insert(name.clone(), self.member(name, value, &scope)?);
        }
        if let (Some(added), Some(name)) = (added, type_name)
            && let Some(Value::Array(types)) = changed.get_mut(&name)
        {
            types.push(added.into());
        }
        Ok(changed)
    }

    fn member(&mut self, name: &str, value: &'a Value, scope: &Scope<'a>) -> Result<Value, Finding> {
        let term = scope.terms.get(name).copied();
        let keyword = scope.keyword(name);
        let is = |kind: fn(&Term<'_>) -> bool| term.as_ref().is_some_and(kind);
        if keyword == Some("@index") || is(|term| term.is_index) && value.is_object() {
            return Err(lossy("an index would be dropped"));
        }
        let in_graph = is(|term| term.is_graph) || matches!(keyword, Some("@graph" | "@included"));
        if in_graph
            && value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice)
                .iter()
                .any(|item| says_nothing(item, scope))
        {
            return Err(lossy("a graph in which nothing is said of its nodes would be dropped"));
        }
        if keyword.is_some() || term.is_some_and(|term| !term.is_plain) {
            return Ok(value.clone());
        }
        self.value(value, scope, term)
    }

    /// The scope inside a node of these types; with the further type when more than one of them carries a context.
    fn typed(&mut self, outside: Scope<'a>, types: Option<&'a Value>) -> Result<(Scope<'a>, Option<String>), Finding> {
        let mut names: Vec<&str> = match types {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(name)) => vec![name],
            _ => Vec::new(),
        };
        names.sort_unstable();
        names.dedup();
        let carried: Vec<&Value> =
            names.iter().filter_map(|name| outside.terms.get(name).and_then(|term| term.context)).collect();
        let mut scope = outside;
        for context in &carried {
            scope = self.process(&scope, context, false, 0)?;
        }
        if carried.len() < 2 {
            return Ok((scope, None));
        }
        let name = format!("{LAST}{}", self.definitions.len());
        let context = chain(&carried)?;
        self.definitions.insert(name.clone(), json!({ "@id": null, "@context": context }));
        Ok((scope, Some(name)))
    }

    /// What the context processing algorithm (§4.1.2) does with the terms that matter here.
    fn process(
        &mut self,
        active: &Scope<'a>,
        context: &'a Value,
        propagate: bool,
        depth: usize,
    ) -> Result<Scope<'a>, Finding> {
        if depth > DEEPEST {
            return Err(too_much("contexts nested too deeply"));
        }
        let propagate = context.get("@propagate").and_then(Value::as_bool).unwrap_or(propagate);
        let mut result = active.clone();
        if !propagate && result.outside.is_none() {
            result.outside = Some(Rc::new(active.clone()));
        }
        for item in context.as_array().map_or(std::slice::from_ref(context), Vec::as_slice) {
            match item {
                Value::Null => {
                    let outside = (!propagate).then(|| Rc::new(result));
                    result = Scope { outside, ..Scope::default() };
                }
                Value::String(url) => {
                    if let Some(inner) = self.contexts.parsed(url).and_then(|known| known.get("@context")) {
                        result = self.process(&result, inner, true, depth + 1)?;
                    }
                }
                Value::Object(map) => self.define(&mut result, map)?,
                Value::Array(_) | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        Ok(result)
    }

    fn define(&mut self, scope: &mut Scope<'a>, map: &'a Map) -> Result<(), Finding> {
        self.left = self.left.checked_sub(map.len()).ok_or_else(|| too_much("more than 500,000 term definitions"))?;
        let before = Rc::clone(&scope.terms);
        let terms = Rc::make_mut(&mut scope.terms);
        for (name, value) in map.iter().filter(|(name, _)| !name.starts_with('@')) {
            let keyword = value_id(value).filter(|id| id != name).and_then(|id| keyword_of(id, map, &before, 0));
            let member = |name: &str| value.get(name);
            let kinds = member("@container")
                .map_or(&[][..], |kinds| kinds.as_array().map_or(std::slice::from_ref(kinds), Vec::as_slice));
            let is_plain = member("@nest").is_none()
                && member("@type").is_none_or(|kind| kind != "@json")
                && kinds.iter().all(|kind| ["@set", "@list", "@graph"].iter().any(|plain| kind == plain));
            let has = |kind: &str| kinds.iter().any(|one| one == kind);
            let (is_graph, is_index) = (has("@graph"), has("@index"));
            terms.insert(name, Term { keyword, context: member("@context"), is_plain, is_graph, is_index });
        }
        Ok(())
    }
}

/// The contexts of several types as one; refused where one of them does more than define terms.
fn chain(carried: &[&Value]) -> Result<Value, Finding> {
    let mut chain = Vec::new();
    for context in carried {
        let items = context.as_array().map_or(std::slice::from_ref(*context), Vec::as_slice);
        if items.iter().any(|item| item.is_null() || item.get("@propagate").is_some()) {
            return Err(lossy("several types with contexts of their own, one of which clears or propagates"));
        }
        chain.extend_from_slice(items);
    }
    Ok(Value::Array(chain))
}

/// Whether a value is no node, or one of which nothing is said.
fn says_nothing(value: &Value, scope: &Scope<'_>) -> bool {
    let Some(node) = value.as_object() else { return true };
    node.keys().all(|name| matches!(scope.keyword(name), Some("@id" | "@context" | "@index")))
}

/// What a term is defined as.
fn value_id(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("@id").and_then(Value::as_str))
}

/// The keyword that an identifier in a context stands for.
fn keyword_of<'a>(id: &'a str, map: &'a Map, before: &HashMap<&'a str, Term<'a>>, depth: usize) -> Option<&'a str> {
    if id.starts_with('@') {
        return Some(id);
    }
    match map.get(id) {
        Some(value) if depth < DEEPEST => value_id(value).and_then(|next| keyword_of(next, map, before, depth + 1)),
        Some(_) => None,
        None => before.get(id).and_then(|term| term.keyword),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Code;
    use super::super::jsonld::dataset;
    use super::*;

    /// `A` and `B` carry contexts; `A` also says differently what `n` is; that of `C` clears; `Z` carries none.
    const OWN: &str = r#"{ "@context": {
        "id": "@id", "type": "@type", "kind": "type", "n": "urn:x:n", "p": "urn:x:p",
        "list": { "@id": "urn:x:l", "@container": "@list" },
        "A": { "@id": "urn:t:A", "@context": {
            "@protected": true, "id": "@id", "a": "urn:a:a", "n": "urn:a:n" } },
        "B": { "@id": "urn:t:B", "@context": [{ "before": "urn:b:before" }, {
            "@protected": true, "id": "@id", "b": "urn:b:b" }] },
        "C": { "@id": "urn:t:C", "@context": null },
        "D": { "@id": "urn:t:D", "@context": { "a": "urn:d:a" } },
        "P": { "@id": "urn:t:P", "@context": { "@propagate": true } },
        "Z": "urn:t:Z" } }"#;

    fn read(types: &Value, rest: &Value) -> Result<Vec<String>, Finding> {
        let contexts = Contexts::bundled().with("https://own.example/v1", OWN).unwrap();
        let mut document = json!({ "@context": "https://own.example/v1", "type": types });
        document.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let read = dataset(document.as_object().unwrap(), &contexts)?;
        let mut lines: Vec<String> = read.iter().map(|quad| quad.to_string()).collect();
        lines.sort();
        Ok(lines)
    }

    fn predicates(types: &Value, rest: &Value) -> Vec<String> {
        let lines = read(types, rest).unwrap();
        let second = |line: &String| line.split(' ').nth(1).unwrap().trim_matches(['<', '>']).to_owned();
        let mut names: Vec<_> = lines.iter().map(second).filter(|name| name.starts_with("urn:")).collect();
        names.sort();
        names
    }

    #[test]
    fn every_types_context_counts() {
        for types in [json!(["A", "B"]), json!(["B", "A"]), json!(["Z", "B", "A", "B"])] {
            let names = predicates(&types, &json!({ "a": 1, "b": 2, "before": 3 }));
            assert_eq!(names, ["urn:a:a", "urn:b:b", "urn:b:before"], "{types}");
        }
        let lines = read(&json!(["A", "B"]), &json!({ "id": "urn:x:1", "a": 1 })).unwrap();
        assert_eq!(lines.len(), 3, "two types and a claim, nothing of ours: {lines:?}");
    }

    #[test]
    fn a_term_of_an_earlier_type_is_not_read_as_that_of_the_document() {
        assert_eq!(predicates(&json!(["A", "B"]), &json!({ "n": 1 })), ["urn:a:n"]);
        assert_eq!(predicates(&json!(["B"]), &json!({ "n": 1 })), ["urn:x:n"]);
    }

    #[test]
    fn they_count_for_that_node_only() {
        let names = predicates(
            &json!(["A", "B"]),
            &json!({ "p": [{ "n": 1 }, { "kind": ["B", "A"], "n": 2, "p": { "n": 3 } }] }),
        );
        assert_eq!(names, ["urn:a:n", "urn:x:n", "urn:x:n", "urn:x:p", "urn:x:p", "urn:x:p"]);
        assert_eq!(read(&json!(["A", "B"]), &json!({ "p": { "a": 1 } })).unwrap_err().code, Code::ModelViolation);
        let names = predicates(&json!("Z"), &json!({ "list": [{ "type": ["A", "B"], "n": 1 }] }));
        assert!(names.contains(&"urn:a:n".to_owned()), "{names:?}");
    }

    #[test]
    fn what_cannot_be_joined_is_refused() {
        let refused =
            |types: Value, rest: Value| assert_eq!(read(&types, &rest).unwrap_err().code, Code::ModelViolation);
        refused(json!(["A", "D"]), json!({ "a": 1 }));
        refused(json!(["A", "C"]), json!({}));
        refused(json!(["A", "B"]), json!({ "n": "\u{10FFFF}0" }));
        refused(json!(["A", "B", "\u{10FFFF}0"]), json!({}));
        assert!(read(&json!(["A"]), &json!({ "n": "\u{10FFFF}0" })).is_ok());
        refused(json!(["A", "P"]), json!({}));
    }

    #[test]
    fn what_only_contexts_tell_to_be_dropped_is_refused() {
        let context = json!({ "ix": "@index", "all": "@graph", "with": "@included", "m": "urn:x:m",
            "map": { "@id": "urn:x:map", "@container": "@index" }, "graph": { "@id": "urn:x:graph", "@container": "@graph" } });
        let read = |rest: Value| {
            let mut document = json!({ "@context": context, "@id": "urn:x:1", "m": 1 });
            document.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            dataset(document.as_object().unwrap(), &Contexts::bundled())
        };
        for rest in [
            json!({ "ix": "x" }),
            json!({ "@index": "x" }),
            json!({ "map": { "x": { "m": 2 } } }),
            json!({ "graph": "x" }),
            json!({ "graph": [{ "m": 2 }, { "@id": "urn:x:2" }] }),
            json!({ "all": ["x"] }),
            json!({ "with": { "@id": "urn:x:2" } }),
        ] {
            assert_eq!(read(rest.clone()).unwrap_err().code, Code::ModelViolation, "{rest}");
        }
        assert_eq!(read(json!({ "graph": { "m": 2 }, "map": [{ "m": 3 }] })).unwrap().len(), 5);
    }
}
