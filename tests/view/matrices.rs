//! An operation on matrices is one vertex with all its results; of its operands, no partials are known.

use nalgebra::DMatrix;
use tapegrad::{Tape, Var, matrix::product};

#[test]
fn one_vertex_for_all_entries() {
    let tape = Tape::new();
    let a = DMatrix::from_fn(2, 2, |i, j| tape.named(format!("a{i}{j}"), (2 * i + j) as f64));
    let b = product(&a, &a);
    let y: Var = b[(0, 0)] * b[(1, 1)];
    let listing = tape.listing_with(&y.backward());
    let text = listing.graph().with_partials(true).to_string();
    // [0 1; 2 3]² = [2 3; 6 11]
    let expected = "\
#8 mul(#4, #7) = 22  (adjoint 1, output)
├─ #4 … #7 matrix_product[2, 2](a00, a10, a01, … 5 more) = 2 … 11  (adjoint 0 … 11, partial 11)
│  └─ #0 … #3 a00 … a11 × 4 = 0 … 3  (adjoint 0 … 26, × 8)
└─ #4 … #7 matrix_product[2, 2](a00, a10, a01, … 5 more) = 2 … 11  (above, partial 2)";
    assert!(text.starts_with(expected), "{text}");
    assert!(!text.contains("no part") && !listing.graph().to_dot().contains("dashed"), "{text}");
    // One result alone needs them all.
    let below = listing.graph().below(tape.operand(b[(0, 0)])).to_string();
    assert!(below.starts_with("#4 … #7 matrix_product[2, 2]("), "{below}");
}
