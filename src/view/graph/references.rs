//! Long arrows, which would cross a picture, give way to references.

use super::drawing::{Arrow, Drawing, Role, Vertex};

/// How many vertices an arrow may pass, counted along the longest way from the outputs.
const LONGEST: usize = 6;

/// Ends each arrow that is too long at a new vertex, which refers to the operand by its index and name.
pub(super) fn shorten(drawing: &mut Drawing) {
    let levels = levels(drawing);
    let Drawing { vertices, arrows, .. } = drawing;
    for arrow in arrows.iter_mut() {
        if levels[arrow.from] > levels[arrow.to] + LONGEST {
            let operand = &vertices[arrow.from];
            let reference = Vertex {
                role: Role::Reference,
                is_output: false,
                index: operand.index.clone(),
                title: if operand.role == Role::Input { operand.title.clone() } else { String::new() },
                count: operand.count,
                facts: Vec::new(),
            };
            arrow.from = vertices.len();
            vertices.push(reference);
        }
    }
}

/// How far each vertex is from the results that nothing uses.
pub(super) fn levels(drawing: &Drawing) -> Vec<usize> {
    let mut operands: Vec<Vec<usize>> = vec![Vec::new(); drawing.vertices.len()];
    let mut users = vec![0; drawing.vertices.len()];
    for &Arrow { from, to, .. } in &drawing.arrows {
        operands[to].push(from);
        users[from] += 1;
    }
    let mut levels = vec![0; users.len()];
    let mut ready: Vec<usize> = (0..users.len()).filter(|&vertex| users[vertex] == 0).collect();
    while let Some(vertex) = ready.pop() {
        for &operand in &operands[vertex] {
            levels[operand] = levels[operand].max(levels[vertex] + 1);
            users[operand] -= 1;
            if users[operand] == 0 {
                ready.push(operand);
            }
        }
    }
    levels
}
