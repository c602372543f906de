//! RDF Dataset Canonicalization (RDFC-1.0 with SHA-256, by `oxrdf`), bounded in work before it starts.
//!
//! The algorithm is exponential in the number of blank nodes that look alike and touch each other ("dataset poisoning",
//! RDFC-1.0 §7.1). Before running it, the blank nodes whose first-degree descriptions are equal are grouped into
//! connected components; a component of k nodes with d statements costs at most about k! × d² steps, and a dataset
//! beyond the budget is refused. Real credentials have components of one to three nodes.

use std::collections::HashMap;

use oxrdf::dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm};
use oxrdf::{BlankNode, Dataset, GraphNameRef, NamedOrBlankNodeRef, QuadRef, TermRef};

use super::contexts::Contexts;
use super::finding::{Check, Code, Finding};
use super::jsonld;
use crate::base::json::Map;

const MOST_BLANK_NODES: usize = 1024;
/// Steps of about 0.3 µs each.
const BUDGET: usize = 500_000;

/// The canonical N-Quads of a document; fails as [`jsonld::dataset`], and with [`Code::TooMuchWork`] when poisoned.
pub fn canonical(document: &Map, contexts: &Contexts) -> Result<String, Finding> {
    let mut dataset = jsonld::dataset(document, contexts)?;
    check_work(&dataset)?;
    let hash_algorithm = CanonicalizationHashAlgorithm::Sha256;
    dataset.canonicalize(CanonicalizationAlgorithm::Rdfc10 { hash_algorithm });
    let mut lines: Vec<String> = dataset.iter().map(line).collect();
    lines.sort_unstable();
    Ok(lines.concat())
}

fn line(quad: QuadRef<'_>) -> String {
    if quad.graph_name.is_default_graph() {
        format!("{} {} {} .\n", quad.subject, quad.predicate, quad.object)
    } else {
        format!("{} {} {} {} .\n", quad.subject, quad.predicate, quad.object, quad.graph_name)
    }
}

fn check_work(dataset: &Dataset) -> Result<(), Finding> {
    let statements = by_blank_node(dataset);
    if statements.len() > MOST_BLANK_NODES {
        return Err(too_much("more than 1024 blank nodes"));
    }
    let mut alike: HashMap<Vec<String>, Vec<&str>> = HashMap::new();
    for (node, quads) in &statements {
        alike.entry(first_degree(node, quads)).or_default().push(node);
    }
    let ambiguous: Vec<&str> = alike.into_values().filter(|nodes| nodes.len() > 1).flatten().collect();
    let mut components = Components::new(&ambiguous);
    for quads in ambiguous.iter().filter_map(|node| statements.get(*node)) {
        for quad in quads {
            components.join(&blank_nodes(*quad));
        }
    }
    let mut work = 0_usize;
    for members in components.members() {
        let degree: usize = members.iter().filter_map(|node| statements.get(*node)).map(Vec::len).sum();
        let permutations = (1..=members.len()).try_fold(1_usize, usize::checked_mul);
        let cost = permutations.and_then(|p| p.checked_mul(degree)).and_then(|p| p.checked_mul(degree));
        work = work.saturating_add(cost.unwrap_or(usize::MAX));
    }
    if work > BUDGET { Err(too_much("blank nodes that cannot be told apart cheaply")) } else { Ok(()) }
}

fn by_blank_node(dataset: &Dataset) -> HashMap<&str, Vec<QuadRef<'_>>> {
    let mut statements: HashMap<&str, Vec<QuadRef<'_>>> = HashMap::new();
    for quad in dataset {
        let mut nodes = blank_nodes(quad);
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            statements.entry(node).or_default().push(quad);
        }
    }
    statements
}

fn blank_nodes(quad: QuadRef<'_>) -> Vec<&str> {
    let mut nodes = Vec::with_capacity(3);
    if let NamedOrBlankNodeRef::BlankNode(node) = quad.subject {
        nodes.push(node.as_str());
    }
    if let TermRef::BlankNode(node) = quad.object {
        nodes.push(node.as_str());
    }
    if let GraphNameRef::BlankNode(node) = quad.graph_name {
        nodes.push(node.as_str());
    }
    nodes
}

/// The statements of a node with itself as `_:a` and every other blank node as `_:z` (RDFC-1.0 §4.6).
fn first_degree(node: &str, quads: &[QuadRef<'_>]) -> Vec<String> {
    let (own, other) = (BlankNode::new_unchecked("a"), BlankNode::new_unchecked("z"));
    let name = |id: &str| if id == node { own.as_ref() } else { other.as_ref() };
    let mut lines: Vec<String> = quads
        .iter()
        .map(|quad| {
            let mut quad = *quad;
            if let NamedOrBlankNodeRef::BlankNode(id) = quad.subject {
                quad.subject = name(id.as_str()).into();
            }
            if let TermRef::BlankNode(id) = quad.object {
                quad.object = name(id.as_str()).into();
            }
            if let GraphNameRef::BlankNode(id) = quad.graph_name {
                quad.graph_name = name(id.as_str()).into();
            }
            line(quad)
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Connected components of ambiguous blank nodes.
struct Components<'a> {
    parent: HashMap<&'a str, &'a str>,
}

impl<'a> Components<'a> {
    fn new(nodes: &[&'a str]) -> Self {
        Self { parent: nodes.iter().map(|node| (*node, *node)).collect() }
    }

    fn root(&self, node: &'a str) -> Option<&'a str> {
        let mut root = *self.parent.get(node)?;
        while let Some(next) = self.parent.get(root).filter(|next| **next != root) {
            root = next;
        }
        Some(root)
    }

    fn join(&mut self, nodes: &[&'a str]) {
        let mut roots = nodes.iter().filter_map(|node| self.root(node)).collect::<Vec<_>>().into_iter();
        if let Some(first) = roots.next() {
            for root in roots {
                self.parent.insert(root, first);
            }
        }
    }

    fn members(&self) -> Vec<Vec<&'a str>> {
        let mut members: HashMap<&str, Vec<&'a str>> = HashMap::new();
        for node in self.parent.keys() {
            if let Some(root) = self.root(node) {
                members.entry(root).or_default().push(node);
            }
        }
        members.into_values().collect()
    }
}

fn too_much(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::TooMuchWork, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::{Value, json};

    fn run(subject: &Value) -> Result<String, Finding> {
        let document = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", { "e": { "@id": "urn:x:e", "@type": "@id" }, "n": "urn:x:n" }],
            "type": "VerifiableCredential",
            "issuer": "did:example:issuer",
            "credentialSubject": subject
        });
        canonical(document.as_object().unwrap(), &Contexts::bundled())
    }

    /// A graph in which every one of `n` blank nodes points to every other.
    fn clique(n: usize) -> Value {
        let node = |i: usize| {
            let others: Vec<String> = (0..n).filter(|j| *j != i).map(|j| format!("_:n{j}")).collect();
            json!({ "id": format!("_:n{i}"), "e": others })
        };
        json!((0..n).map(node).collect::<Vec<_>>())
    }

    #[test]
    fn blank_node_labels_and_order_do_not_matter() {
        let one = run(&json!([{ "id": "_:p", "n": 1, "e": "_:q" }, { "id": "_:q", "n": 2 }])).unwrap();
        let two = run(&json!([{ "id": "_:b", "n": 2 }, { "id": "_:a", "e": "_:b", "n": 1 }])).unwrap();
        assert_eq!(one, two);
        assert_ne!(one, run(&json!([{ "id": "_:p", "n": 1 }, { "id": "_:q", "n": 2, "e": "_:p" }])).unwrap());
    }

    #[test]
    fn many_equal_leaves_are_no_poison() {
        let leaves: Vec<Value> = (0..200).map(|_| json!({ "n": 7 })).collect();
        assert!(run(&json!({ "id": "did:example:subject", "e": leaves })).is_ok());
        assert!(run(&clique(3)).is_ok());
    }

    #[test]
    fn a_poisoned_dataset_is_refused_at_once() {
        let begun = std::time::Instant::now();
        for n in [8, 12, 30] {
            assert_eq!(run(&clique(n)).unwrap_err().code, Code::TooMuchWork);
        }
        let many: Vec<Value> = (0..1100).map(|n| json!({ "n": n })).collect();
        assert_eq!(run(&json!(many)).unwrap_err().code, Code::TooMuchWork);
        assert!(begun.elapsed().as_secs() < 5);
    }

    #[test]
    fn the_longest_allowed_work_is_short() {
        for n in 4..8 {
            let begun = std::time::Instant::now();
            let outcome = run(&clique(n)).is_ok();
            assert!(begun.elapsed().as_millis() < 3_000, "{n} nodes, accepted: {outcome}");
        }
    }
}
