//! Things of the same form are drawn once, and an arrow says how many operands each result has.

use tapegrad::nn::{Activation, Mlp};
use tapegrad::{Function, Real, Tape, Var};

/// The tree of a function.
fn tree(f: impl FnOnce(&[Var]) -> Var, x: &[f64]) -> String {
    let f = Function::record::<&[f64], _>(f, x).unwrap();
    f.evaluator().listing(x).unwrap().graph().to_string()
}

#[test]
fn a_hundred_terms_of_a_sum() {
    let text = tree(|x| x.iter().map(|x| x.sin() * 2.0).sum(), &[0.0; 100]);
    let expected = "\
#300 sum(#101, #103, #105, … 97 more) = 0  (adjoint 1, output)
└─ #101 … #299 mul(·, 2) × 100 = 0  (adjoint 1, × 100)
   └─ #100 … #298 sin(·) × 100 = 0  (adjoint 2)
      └─ #0 … #99 x0 … x99 × 100 = 0  (adjoint 2)
× n: n parts of one form, drawn once with the range of their numbers";
    assert_eq!(text, expected);
}

#[test]
fn terms_that_share_operands() {
    // x₀ is in one term, the others in two.
    let rosenbrock =
        |x: &[Var]| x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum();
    let text = tree(rosenbrock, &[0.5; 20]);
    assert_eq!(text.lines().count(), 12, "{text}");
    assert_eq!(text.matches("× 19").count(), 8, "{text}");
    assert!(text.contains("× 20 = 0.5  (above, × 2)"), "each square has two operands: {text}");
}

#[test]
fn a_chain_of_additions_is_one() {
    let tape = Tape::new();
    let x = tape.vars([1.0; 50]);
    let mut sum = x[0] * 3.0;
    for &x in &x[1..] {
        sum += x * 3.0;
    }
    let y = sum.exp();
    let text = tape.listing_with(&y.backward()).graph().to_string();
    assert!(text.contains("add(#50, #51, #53, … 47 more) = 150"), "{text}");
    assert!(text.contains("mul(·, 3) × 50 = 3"), "{text}");
    // An intermediate result that is used otherwise stands for itself.
    let tape = Tape::new();
    let x = tape.vars([1.0; 9]);
    let half = x[..5].iter().skip(1).fold(x[0], |sum, &x| sum + x);
    let all = x[5..].iter().fold(half, |sum, &x| sum + x);
    let text = tape.listing_with(&(all * half).backward()).graph().to_string();
    assert!(text.contains("#9 … #12 add(") && text.contains("#13 … #16 add(#12, "), "{text}");
}

#[test]
fn few_are_drawn_one_by_one() {
    let text = tree(|x| x.iter().map(|x| x.sin()).sum(), &[0.0; 3]);
    assert_eq!((text.matches("sin(").count(), text.contains('×')), (3, false), "{text}");
    let text = tree(|x| x.iter().map(|x| x.sin()).sum(), &[0.0; 4]);
    assert_eq!((text.matches("sin(").count(), text.contains("× 4")), (1, true), "{text}");
}

#[test]
fn neurons_of_a_layer() {
    let mlp =
        Mlp::builder(3).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(1).build().unwrap();
    let tape = Tape::new();
    let inputs = ["a", "b", "c"].map(|name| tape.named(name, 0.5));
    let y = mlp.bind(&tape).forward(&inputs)[0];
    let text = tape.listing_with(&y.backward()).graph().to_string();
    assert!(text.contains("tanh(·) × 8"), "{text}");
    assert!(text.contains("affine(") && text.lines().count() < 12, "{text}");
    assert!(["#0 a", "#1 b", "#2 c"].iter().all(|name| text.contains(name)), "the inputs are few: {text}");
}

#[test]
fn what_differs_stays_apart() {
    // Different operations, exponents, operands, users, names.
    let text = tree(
        |x| {
            let a: Var = x.iter().map(|x| x.powi(2)).sum();
            let b: Var = x.iter().map(|x| x.powi(3)).sum();
            let c: Var = x.iter().map(|x| x.sin()).sum();
            let d: Var = x.iter().map(|x| x.sin().sin()).sum();
            a * b + (c * d).exp()
        },
        &[0.5; 6],
    );
    for form in ["powi[2](·) × 6", "powi[3](·) × 6"] {
        assert!(text.contains(form), "{form} in {text}");
    }
    assert_eq!(text.matches("sin(·) × 6").count(), 3, "of two depths, with three users: {text}");
    let tape = Tape::new();
    let a: Vec<Var> = (0..4).map(|k| tape.named(format!("a{k}"), 1.0)).collect();
    let b: Vec<Var> = (0..4).map(|k| tape.named(format!("b{k}"), 1.0)).collect();
    let y = tapegrad::lists::dot(&a, &b);
    let text = tape.listing_with(&y.backward()).graph().to_string();
    assert!(text.contains("a0 … a3 × 4") && text.contains("b0 … b3 × 4"), "{text}");
}

/// In a drawing of groups, each result of a group has as many operands as the arrows to it say.
#[test]
fn arrows_count_operands() {
    let tape = Tape::new();
    let w: Vec<Var> = (0..8).map(|k| tape.named(format!("w{k}"), 0.5)).collect();
    let (a, b) = (tape.named("a", 0.5), tape.named("b", 0.5));
    let y: Var = (0..8).map(|k| (w[k] * a + w[(k + 1) % 8] * b).tanh().powi(2)).sum();
    let text = tape.listing_with(&y.backward()).graph().to_string();
    let expected = "\
#50 sum(#14, #19, #24, … 5 more) = 1.70842  (adjoint 1, output)
└─ #14 … #49 powi[2](·) × 8 = 0.213552  (adjoint 1, × 8)
   └─ #13 … #48 tanh(·) × 8 = 0.462117  (adjoint 0.924234)
      └─ #12 … #47 add(·, ·) × 8 = 0.5  (adjoint 0.726862)
         ├─ #10 … #45 mul(·, a) × 8 = 0.25  (adjoint 0.726862)
         │  ├─ #0 … #7 w0 … w7 × 8 = 0.5  (adjoint 0.726862)
         │  └─ #8 a = 0.5  (adjoint 2.90745)
         └─ #11 … #46 mul(·, b) × 8 = 0.25  (adjoint 0.726862)
            ├─ #0 … #7 w0 … w7 × 8 = 0.5  (above)
            └─ #9 b = 0.5  (adjoint 2.90745)
× n: n parts of one form, drawn once with the range of their numbers";
    assert_eq!(text, expected);
}

#[test]
fn everything_is_there_without_folding() {
    let f = Function::record(|x: &[Var]| x.iter().map(|x| x.sin()).sum::<Var>(), &[0.0; 50][..]).unwrap();
    let listing = f.evaluator().listing(&[0.0; 50]).unwrap();
    let text = listing.graph().folded(false).at_most(1_000).to_string();
    assert_eq!(text.lines().count(), 101, "{text}");
    assert!(!text.contains('×'));
}

/// What takes no time to fold: many nodes of one form, a long chain, many forms.
#[test]
fn a_large_recording_is_folded() {
    fn large<R: Real>(x: &[R]) -> R {
        let terms: R = x.iter().map(|&x| x * x).sum();
        (0..20_000).fold(terms, |y, k| if k % 3 == 0 { y.sin() } else { y * 0.5 })
    }
    let f = Function::record(large, &[1.0; 20_000][..]).unwrap();
    let listing = f.evaluator().listing(&[1.0; 20_000]).unwrap();
    let text = listing.graph().at_most(30_000).to_string();
    assert!(text.contains("mul(·, ·) × 20,000"));
}

#[test]
fn an_addition_that_is_an_output_stays_apart() {
    let f = |x: &[Var]| {
        let first = x[0] + x[1] + x[2];
        [first, first + x[3] + x[4] + x[5]]
    };
    let f = Function::record(f, &[1.0; 6][..]).unwrap();
    let text = f.evaluator().listing(&[1.0; 6][..]).unwrap().graph().to_string();
    assert!(text.contains("output 0)") && text.contains("output 1)"), "{text}");
}
