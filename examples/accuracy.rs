//! Measures every row of the table against 50-digit fixtures and prints the page `docs/accuracy.md`.
//!
//! `cargo run --release --example accuracy > docs/accuracy.md`

#[allow(dead_code)]
#[path = "../tests/common/accuracy.rs"]
mod accuracy;

fn main() {
    print!("{}", accuracy::page());
}
