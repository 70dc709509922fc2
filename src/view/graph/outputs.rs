//! Which nodes are outputs, and which the outputs depend on.

use super::units::operations;
use crate::table::ops::Op;
use crate::view::listing::{Listing, Node, Operand};
use indexmap::IndexMap;

/// The outputs of a recording, or the one that is asked for.
pub(super) struct Outputs {
    /// By node.
    pub is_output: Vec<bool>,
    /// By node: whether an output depends on it; everything, unless one output is asked for.
    pub is_wanted: Vec<bool>,
    /// Which outputs a node is, counted from 0.
    pub places: IndexMap<usize, Vec<usize>>,
    /// The outputs that are constants, by their bits.
    pub constants: IndexMap<u64, Vec<usize>>,
    /// How many outputs there are.
    pub count: usize,
}

impl Outputs {
    /// The outputs of a function; of a tape, the operations whose results nothing uses. Only `below`, if it is given.
    pub fn new(listing: &Listing, below: Option<Operand>) -> Outputs {
        let nodes = &listing.nodes;
        let outputs = below.map_or_else(|| listing.outputs.clone(), |output| vec![output]);
        let mut places: IndexMap<usize, Vec<usize>> = IndexMap::new();
        let mut constants: IndexMap<u64, Vec<usize>> = IndexMap::new();
        for (place, output) in outputs.iter().enumerate() {
            match *output {
                Operand::Node(index) => places.entry(index).or_default().push(place),
                Operand::Constant(value) => constants.entry(value.to_bits()).or_default().push(place),
            }
        }
        let mut is_output = vec![false; nodes.len()];
        places.keys().for_each(|&index| is_output[index] = true);
        let is_wanted = if below.is_some() { needed(nodes, &is_output) } else { vec![true; nodes.len()] };
        if outputs.is_empty() {
            is_output = unused(nodes);
        }
        Outputs { is_output, is_wanted, places, constants, count: outputs.len() }
    }
}

/// Which nodes these depend on, with all results of their operations.
fn needed(nodes: &[Node], is_output: &[bool]) -> Vec<bool> {
    let operations = operations(nodes);
    let mut is_needed = is_output.to_vec();
    (0..nodes.len()).filter(|&index| is_output[index]).for_each(|index| is_needed[operations[index]] = true);
    for (index, node) in nodes.iter().enumerate().rev() {
        let operands = if is_needed[index] { &node.operands[..] } else { &[] };
        for operand in operands {
            if let &Operand::Node(operand) = operand {
                is_needed[operand] = true;
                is_needed[operations[operand]] = true;
            }
        }
    }
    is_needed
}

/// The results of operations of which nothing is used.
fn unused(nodes: &[Node]) -> Vec<bool> {
    let operations = operations(nodes);
    let mut is_used = vec![false; nodes.len()];
    for operand in nodes.iter().flat_map(|node| &node.operands) {
        if let &Operand::Node(operand) = operand {
            is_used[operations[operand]] = true;
        }
    }
    let is_unused = |(index, node): (usize, &Node)| !is_used[operations[index]] && node.op != Op::Input;
    nodes.iter().enumerate().map(is_unused).collect()
}
