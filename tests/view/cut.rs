//! Of a large graph, what is nearest to the outputs is drawn, and the rest is counted.

use tapegrad::view::{Listing, Operand};
use tapegrad::{Function, Tape, Var};

fn chain(length: usize) -> Listing {
    let tape = Tape::new();
    let x = tape.named("x", 1.0);
    let y = (0..length).fold(x, |y, _| y.sin());
    tape.listing_with(&y.backward())
}

#[test]
fn the_rest_is_counted() {
    let listing = chain(10_000);
    let graph = listing.graph().at_most(89);
    assert!(graph.to_string().ends_with("\n… 9,912 further nodes"));
    for text in [graph.to_string(), graph.to_dot(), graph.to_mermaid(), graph.to_svg()] {
        assert!(text.contains("#10000 ") || text.contains("#35;10000 "), "the output is there");
        assert!(text.contains("9,912 further nodes") && text.contains("… 1 operand"));
    }
    assert!(chain(3).graph().at_most(3).to_string().ends_with("… 1 further node"));
    assert!(!chain(3).graph().at_most(4).to_string().contains("further"));
}

#[test]
fn nothing_at_all() {
    let listing = chain(5);
    let graph = listing.graph().at_most(0);
    assert_eq!(graph.to_string(), "… 6 further nodes");
    assert!(graph.to_svg().contains("… 6 further nodes") && graph.to_dot().contains("… 6 further nodes"));
    // And of an empty recording.
    let empty = Tape::new().listing();
    assert_eq!(empty.graph().to_string(), "");
    assert!(
        empty.graph().to_dot().starts_with("digraph") && empty.graph().to_mermaid().starts_with("flowchart")
    );
    crate::xml::read(&empty.graph().to_svg());
}

#[test]
fn all_outputs_come_first() {
    // One output deep, one shallow: both are there, and then both grow.
    let f = Function::record(|[x]: [Var; 1]| [(0..50).fold(x, |y, _| y.sin()), x.exp()], [1.0]).unwrap();
    let text = f.evaluator().listing(&[1.0]).unwrap().graph().at_most(4).to_string();
    let first = text.lines().next().unwrap();
    assert!(first.contains("output 0") && text.contains("output 1"), "{text}");
    assert!(text.contains("… 48 further nodes"), "{text}");
}

#[test]
fn only_what_is_below() {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 1.0), tape.named("y", 2.0));
    let (sum, product) = (x + y, x * 3.0);
    let both = sum * product;
    let listing = tape.listing_with(&both.backward());
    let text = listing.graph().below(tape.operand(product)).to_string();
    assert_eq!(text, "#3 mul(x, 3) = 3  (adjoint 3, output)\n└─ #0 x = 1  (adjoint 12)");
    assert_eq!(listing.graph().below(Operand::Node(0)).to_string(), "#0 x = 1  (adjoint 12, output)");
    assert_eq!(listing.graph().below(Operand::Constant(2.5)).to_string(), "2.5  (output)");
    assert_eq!(tape.operand(Var::from(7.0)), Operand::Constant(7.0));
    for odd in [5, usize::MAX] {
        let panic = crate::common::panic_of(|| listing.graph().below(Operand::Node(odd)).to_string());
        assert!(panic.message.contains("is not among the 5 nodes"), "{}", panic.message);
        assert!(panic.file.ends_with("cut.rs"));
    }
}

#[test]
fn a_variable_of_another_tape_is_refused() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = other.var(4.0);
    let panic = crate::common::panic_of(|| tape.operand(x));
    assert!(panic.message.starts_with("the variable (value 4) is not on this tape"), "{}", panic.message);
    assert!(panic.file.ends_with("cut.rs"));
}

#[test]
fn a_listing_changed_by_hand() {
    let mut listing = chain(2);
    listing.nodes[1].operands = vec![Operand::Node(1)];
    let panic = crate::common::panic_of(|| listing.graph().to_dot());
    assert!(panic.message.contains("does not come before it"), "{}", panic.message);
    let mut listing = chain(2);
    listing.outputs = vec![Operand::Node(99)];
    let panic = crate::common::panic_of(|| listing.graph().to_dot());
    assert!(panic.message.contains("#99, an output"), "{}", panic.message);
}
