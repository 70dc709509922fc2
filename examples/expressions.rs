//! A first tour: write an expression, compute its derivatives, inspect the recording, and see what happens when
//! something is wrong.

use std::panic::{self, UnwindSafe};
use tapegrad::{Dual, Real, Tape, Var, gradient, hessian, masks::gt};

/// Written once, for every type of number.
fn f<R: Real>([x, y]: [R; 2]) -> R {
    (x * y + x.sin()).tanh()
}

const AT: [f64; 2] = [0.5, 2.0];

fn main() {
    expression();
    three_ways();
    second_derivatives();
    kinks();
    not_a_number();
    misuse();
}

/// An expression is recorded while it is evaluated; one reverse sweep gives the derivatives with respect to
/// everything in it.
fn expression() {
    title("An expression and its gradient:  z = tanh(x y + sin x)");

    let tape = Tape::new();
    let x = tape.named("x", AT[0]);
    let y = tape.named("y", AT[1]);
    let z = (x * y + x.sin()).tanh();
    let g = z.backward();

    println!("  z = {z:.6}    dz/dx = {:.6}    dz/dy = {:.6}\n", g[x], g[y]);
    println!("{}", indent(&format!("{:.6}", tape.listing_with(&g))));
    println!("\n  The adjoint of a node is the derivative of z with respect to it.");

    let [by_x, by_y] = gradient_by_hand();
    assert!(near(g[x], by_x) && near(g[y], by_y));
    assert_eq!(tape.variable("y"), Some(y));
}

/// The gradient by the chain rule, on paper.
fn gradient_by_hand() -> [f64; 2] {
    let [x, y] = AT;
    let slope = 1.0 - f(AT).powi(2);
    [slope * (y + x.cos()), slope * x]
}

/// The same function over three types of number.
fn three_ways() {
    title("The same function, differentiated three ways");

    let by_hand = gradient_by_hand();
    let reverse = gradient(f, AT);
    let forward = f(Dual::variables(AT)).tangents();
    let differences = [[1.0, 0.0], [0.0, 1.0]].map(|[dx, dy]| {
        let h = 1e-5;
        (f([AT[0] + h * dx, AT[1] + h * dy]) - f([AT[0] - h * dx, AT[1] - h * dy])) / (2.0 * h)
    });

    println!("  {:<22}{:>16}{:>16}{:>10}", "", "dz/dx", "dz/dy", "error");
    println!("  {:<22}{:>16.12}{:>16.12}", "on paper", by_hand[0], by_hand[1]);
    for (name, [by_x, by_y], tolerance) in [
        ("reverse mode   Var", reverse, 1e-15),
        ("forward mode   Dual", forward, 1e-15),
        ("differences    f64", differences, 1e-9),
    ] {
        let error = (by_x - by_hand[0]).abs().max((by_y - by_hand[1]).abs());
        println!("  {name:<22}{by_x:>16.12}{by_y:>16.12}{error:>10.0e}");
        assert!(error < tolerance);
    }
}

/// Forward mode over a recording.
fn second_derivatives() {
    title("Second derivatives");

    let h = hessian(f, AT);
    // With z = tanh u:  z'' u_i u_j + z' u_ij
    let [x, y] = AT;
    let (z, u) = (f(AT), [y + x.cos(), x]);
    let (first, second) = (1.0 - z * z, -2.0 * z * (1.0 - z * z));
    let by_hand = [
        [second * u[0] * u[0] - first * x.sin(), second * u[0] * u[1] + first],
        [second * u[0] * u[1] + first, second * u[1] * u[1]],
    ];
    println!("  {:<30}on paper", "Hessian");
    for (row, expected) in h.iter().zip(by_hand) {
        let [a, b] = row;
        println!("  {a:>10.6}{b:>11.6}{:>20.6}{:>11.6}", expected[0], expected[1]);
        assert!(near(*a, expected[0]) && near(*b, expected[1]));
    }
}

/// Where a function has no derivative, there is a documented convention.
fn kinks() {
    title("At a kink");

    type Kink = (&'static str, fn([Var; 2]) -> Var, [f64; 2]);
    let conventions: [Kink; 3] = [
        ("|x|        at x = 0", |[x, _]| x.abs(), [0.0, 0.0]),
        ("relu x     at x = 0", |[x, _]| x.relu(), [0.0, 0.0]),
        ("max(x, y)  at x = y: half each", |[x, y]| x.max(y), [0.5, 0.5]),
    ];
    println!("  {:<32}{:>8}{:>8}", "", "by x", "by y");
    for (name, kink, expected) in conventions {
        let g = gradient(kink, [0.0, 0.0]);
        println!("  {name:<32}{:>8.1}{:>8.1}", g[0], g[1]);
        assert_eq!(g, expected);
    }
}

/// A gradient that is NaN, the node that causes it, and a remedy.
fn not_a_number() {
    title("When a gradient is not a number");

    let tape = Tape::new();
    tape.keep_lines(true); // in release builds too
    let [x, y] = [tape.named("x", 0.0), tape.named("y", 0.0)];
    let length = (x * x + y * y).sqrt();
    let g = length.backward();
    let culprit = tape.first_non_finite().expect("the slope of a root at 0").to_string();

    println!("  The length of the vector (x, y) is {length}, its derivative by x is {}.", g[x]);
    println!("  first_non_finite() says:\n{}", wrap(&culprit));
    assert!(g[x].is_nan());
    assert!(culprit.starts_with("the partial derivative of #5 sqrt(#4) by #4 is inf, recorded at"));

    let safe = |[x, y]: [Var; 2]| {
        let square = x * x + y * y;
        gt(square, 0.0).select(square.sqrt(), 0.0)
    };
    println!("\n  The side that a select does not choose has no part in the derivative:");
    println!("    gt(square, 0.0).select(square.sqrt(), 0.0)");
    for (at, [by_x, by_y]) in [([0.0, 0.0], [0.0, 0.0]), ([3.0, 4.0], [0.6, 0.8])] {
        let g = gradient(safe, at);
        println!("    its gradient at ({}, {}) is ({:.1}, {:.1})", at[0], at[1], g[0], g[1]);
        assert!(near(g[0], by_x) && near(g[1], by_y));
    }
}

/// Misuse panics with a message that says what to do instead.
fn misuse() {
    title("When variables are misused");

    let message = message_of(|| {
        let (inner, outer) = (Tape::new(), Tape::new());
        let _ = inner.named("speed", 3.0) * outer.named("time", 2.0);
    });
    println!("  Two tapes in one expression:\n{}", wrap(&message));
    assert!(message.contains("`speed` (value 3)") && message.contains("`.detach()`"));

    let message = message_of(|| {
        let tape = Tape::new();
        let x = tape.var(3.0);
        tape.clear();
        let _ = x * x;
    });
    println!("\n  A variable after its tape was cleared:\n{}", wrap(&message));
    assert!(message.contains("stands on no tape"));
}

/// The message of the panic.
fn message_of(code: impl FnOnce() + UnwindSafe) -> String {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {})); // this one is expected
    let payload = panic::catch_unwind(code).expect_err("misuse is refused");
    panic::set_hook(hook);
    *payload.downcast::<String>().expect("a message")
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-14
}

fn title(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Wraps a text to indented lines of at most 80 columns.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::from("   ")];
    for word in text.split_whitespace() {
        if lines[lines.len() - 1].len() + 1 + word.len() > 80 {
            lines.push(String::from("   "));
        }
        let line = lines.last_mut().expect("a line");
        *line += " ";
        *line += word;
    }
    lines.join("\n")
}
