//! What is drawn as one thing: a node, an operation with all its results, a long sum; and things of the same form.

use super::classes::{Form, classes};
use crate::table::ops::Op;
use crate::view::listing::{Listing, Node, Operand};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// From this number on, things of the same form are drawn once, and additions of each other's results as one.
pub(super) const LEAST: usize = 4;

/// A node, or several that are one step of the computation.
pub(super) struct Unit {
    /// In the order of the listing. The last one is the operation.
    pub nodes: SmallVec<[usize; 1]>,
    /// What it is computed from.
    pub links: Vec<Link>,
}

/// An operand of a unit.
pub(super) struct Link {
    pub operand: Operand,
    /// The unit that computes it; `None` for a constant.
    pub from: Option<usize>,
    /// The derivative of the unit with respect to it.
    pub partial: Option<f64>,
}

/// The units of the wanted nodes, in order of evaluation.
pub(super) fn units(listing: &Listing, is_wanted: &[bool], is_output: &[bool], folds: bool) -> Vec<Unit> {
    let nodes = &listing.nodes;
    let mut last = operations(nodes);
    if folds {
        join_sums(nodes, is_wanted, is_output, &mut last);
    }
    // Several results are wanted if one of them is.
    let mut is_needed = vec![false; nodes.len()];
    (0..nodes.len()).filter(|&index| is_wanted[index]).for_each(|index| is_needed[last[index]] = true);
    let mut unit_of = vec![usize::MAX; nodes.len()];
    let mut units: Vec<Unit> = Vec::new();
    let needed = (0..nodes.len()).filter(|&index| last[index] == index && is_needed[index]);
    for (unit, index) in needed.enumerate() {
        unit_of[index] = unit;
        units.push(Unit { nodes: SmallVec::new(), links: Vec::new() });
    }
    for (index, node) in nodes.iter().enumerate() {
        let unit = unit_of[last[index]];
        unit_of[index] = unit;
        if unit == usize::MAX {
            continue;
        }
        units[unit].nodes.push(index);
        for (place, &operand) in node.operands.iter().enumerate() {
            let from = match operand {
                Operand::Constant(_) => None,
                Operand::Node(operand) if last[operand] == last[index] => continue,
                Operand::Node(operand) => Some(unit_of[operand]),
            };
            let partial = node.partials.get(place).copied().flatten();
            units[unit].links.push(Link { operand, from, partial });
        }
    }
    units
}

/// The operation that each node is a result of: one of several, as an entry of a matrix, or itself.
pub(super) fn operations(nodes: &[Node]) -> Vec<usize> {
    let mut operations: Vec<usize> = (0..nodes.len()).collect();
    for (index, node) in nodes.iter().enumerate().rev().skip(1) {
        if node.op == Op::Entry {
            operations[index] = operations[index + 1];
        }
    }
    operations
}

/// Additions whose results are only added to others become one with the last of them, where there are many. (The
/// partials of a sum are 1, with respect to every term.)
fn join_sums(nodes: &[Node], is_wanted: &[bool], is_output: &[bool], last: &mut [usize]) {
    let wanted = || nodes.iter().enumerate().rev().filter(|&(index, _)| is_wanted[index]);
    let mut uses = vec![0_u32; nodes.len()];
    for (_, node) in wanted() {
        for operand in &node.operands {
            if let &Operand::Node(operand) = operand {
                uses[operand] += 1;
            }
        }
    }
    let mut joined = vec![0; nodes.len()];
    for (index, node) in wanted().filter(|(_, node)| node.op == Op::TWO_TERMS) {
        joined[last[index]] += 1;
        for operand in &node.operands {
            if let &Operand::Node(operand) = operand
                && nodes[operand].op == Op::TWO_TERMS
                && uses[operand] == 1
                && !is_output[operand]
            {
                last[operand] = last[index];
            }
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        if node.op == Op::TWO_TERMS && joined[last[index]] < LEAST {
            last[index] = index;
        }
    }
}

/// Units of the same form, in order of the first of each; each unit alone if `folds` is false. `None` if telling the
/// forms apart would take too long.
pub(super) fn groups(
    listing: &Listing,
    units: &[Unit],
    is_output: &[bool],
    folds: bool,
) -> Option<Vec<Vec<usize>>> {
    if !folds {
        return Some((0..units.len()).map(|unit| vec![unit]).collect());
    }
    let mut kinds = FxHashMap::default();
    let mut form = |unit: &Unit| {
        let node = operation(listing, unit);
        // Names that differ in digits alone, as of weights, are alike.
        let letters = |name: &String| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let is_output = unit.nodes.iter().any(|&index| is_output[index]);
        let kind = (node.op, node.name.as_ref().map(letters), is_output, unit.nodes.len());
        let next = kinds.len() as u32;
        Form {
            kind: *kinds.entry(kind).or_insert(next),
            operands: unit.links.iter().map(|link| link.from).collect(),
            is_ordered: node.op.arity().is_some() && !node.op.is_commutative(),
        }
    };
    let forms: Vec<Form> = units.iter().map(&mut form).collect();
    let classes = classes(&forms, LEAST)?;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of = vec![usize::MAX; units.len()];
    for (unit, &class) in classes.iter().enumerate() {
        let group = &mut group_of[class as usize];
        if *group == usize::MAX {
            *group = groups.len();
            groups.push(Vec::new());
        }
        groups[*group].push(unit);
    }
    Some(groups)
}

/// The node that is the operation of a unit.
pub(super) fn operation<'a>(listing: &'a Listing, unit: &Unit) -> &'a Node {
    &listing.nodes[*unit.nodes.last().expect("a node")]
}
