//! What of a large graph is drawn: what is nearest to the outputs.

use std::collections::VecDeque;

/// At most `most` of the vertices, in ascending order: outputs first, then their operands, breadth first, then what no
/// output needs, the last first. `operands` are those of each vertex.
pub(super) fn nearest(operands: &[Vec<usize>], is_output: &[bool], most: usize) -> Vec<usize> {
    let mut is_seen = is_output.to_vec();
    let mut queue: VecDeque<usize> = (0..operands.len()).filter(|&vertex| is_output[vertex]).collect();
    let mut others = (0..operands.len()).rev();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let Some(vertex) = queue.pop_front().or_else(|| others.find(|&vertex| !is_seen[vertex])) else {
            break;
        };
        is_seen[vertex] = true;
        chosen.push(vertex);
        for &operand in &operands[vertex] {
            if !std::mem::replace(&mut is_seen[operand], true) {
                queue.push_back(operand);
            }
        }
    }
    chosen.sort_unstable();
    chosen
}
