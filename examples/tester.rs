//! Puts the gradient checker to the test and prints the page `docs/tester.md`: wrong rules it catches, right
//! gradients it does not refuse.
//!
//! `cargo run --release --features proptest --example tester > docs/tester.md`

#[allow(dead_code)]
#[path = "../tests/common/tester.rs"]
mod tester;

fn main() {
    print!("{}", tester::page(100_000));
}
