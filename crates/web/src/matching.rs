//! From a path to the row of the table. A fixed segment wins over a parameter.

use crate::routes::Route;
use axum::http::Method;
use std::collections::HashMap;

/// The template with its parameters unnamed: two templates of one shape are one path.
#[must_use]
pub fn shape(template: &str) -> String {
    let segments = template.split('/').map(|segment| {
        if segment.starts_with("{*") {
            "{*}"
        } else if segment.starts_with('{') {
            "{}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[derive(Debug, Default)]
struct Node {
    fixed: HashMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    methods: Vec<(Method, usize)>,
    rest: Vec<(Method, usize)>,
}

/// What a path and a method lead to.
#[derive(Debug, PartialEq, Eq)]
pub enum Matched {
    /// This row, with these values for its parameters in order, decoded.
    Route(usize, Vec<String>),
    /// A known path without this method; these it has.
    OtherMethods(Vec<Method>),
    /// No such path.
    Nothing,
}

/// All paths of the table.
#[derive(Debug, Default)]
pub struct Matcher {
    root: Node,
}

impl Matcher {
    /// From the rows of the table.
    #[must_use]
    pub fn new(rows: &[Route]) -> Self {
        let mut root = Node::default();
        for (place, route) in rows.iter().enumerate() {
            let mut node = &mut root;
            let mut takes_rest = false;
            for segment in route.path.split('/').skip(1) {
                if segment.starts_with("{*") {
                    takes_rest = true;
                } else if segment.starts_with('{') {
                    node = node.parameter.get_or_insert_with(Box::default);
                } else {
                    node = node.fixed.entry(segment).or_default();
                }
            }
            if takes_rest { &mut node.rest } else { &mut node.methods }.push((route.method.clone(), place));
        }
        Self { root }
    }

    /// Finds the row.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Matched {
        let Some(path) = path.strip_prefix('/') else { return Matched::Nothing };
        let segments: Vec<&str> = path.split('/').collect();
        let mut found = Vec::new();
        descend(&self.root, &segments, &mut Vec::new(), &mut found);
        // The most fixed template is the path, with its own methods and no other's.
        let Some((methods, values)) = found.into_iter().next() else { return Matched::Nothing };
        let Some((_, place)) = methods.iter().find(|(known, _)| known == method) else {
            return Matched::OtherMethods(methods.iter().map(|(known, _)| known.clone()).collect());
        };
        let decoded: Option<Vec<String>> = values.iter().map(|value| crate::query::decode(value, false)).collect();
        decoded.map_or(Matched::Nothing, |values| Matched::Route(*place, values))
    }
}

type Found<'a> = Vec<(&'a [(Method, usize)], Vec<String>)>;

/// Every place that the segments lead to, the most fixed one first.
fn descend<'a>(node: &'a Node, segments: &[&str], values: &mut Vec<String>, found: &mut Found<'a>) {
    let Some((first, rest)) = segments.split_first() else {
        if !node.methods.is_empty() {
            found.push((&node.methods, values.clone()));
        }
        return;
    };
    if let Some(next) = node.fixed.get(*first) {
        descend(next, rest, values, found);
    }
    if let Some(next) = node.parameter.as_ref().filter(|_| !first.is_empty()) {
        values.push((*first).to_owned());
        descend(next, rest, values, found);
        values.pop();
    }
    if !node.rest.is_empty() {
        let mut values = values.clone();
        values.push(segments.join("/"));
        found.push((&node.rest, values));
    }
}
