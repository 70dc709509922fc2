//! Tests the gradient checker, and prints the page `docs/tester.md`: wrong rules that it detects, and right
//! gradients that it accepts.
//!
//! `cargo run --release --features proptest --example tester > docs/tester.md`

#[allow(dead_code)]
#[path = "../tests/common/tester.rs"]
mod tester;

fn main() {
    print!("{}", tester::page(100_000));
}
