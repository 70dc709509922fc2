//! Promise: a failed check says what is wrong and what to do, in a table a person reads.

use std::panic::catch_unwind;
use tapegrad::check::{check_gradient, check_gradient_by_hand};
use tapegrad::{Real, assert_gradient};

/// What a panic said.
fn message(f: fn()) -> String {
    let panic = catch_unwind(f).expect_err("a panic");
    *panic.downcast::<String>().expect("a message")
}

fn energy<R: Real>(x: &[R]) -> R {
    let stiffness = R::constant(x[2].value()); // the mistake: read out, so constant
    (x[0] - x[1]).powi(2) * stiffness + x[1].abs()
}

#[test]
fn a_failed_assertion() {
    let message = message(|| assert_gradient!(energy, vec![3.0, 0.0, 2.5]));
    assert_eq!(
        message,
        "\
the gradient does not pass its check

derivative      analytic  numeric               verdict
x[2]          0.00000000  9.00000000 ± 2e-13    MISMATCH
x[1]        -15.00000000  -15.00000000 ± 5e-13  kink: -16.00000000 from the left, -14.00000000 from the right
x[0]         15.00000000  15.00000000 ± 2e-13   pass
1 of 3 wrong: the differences refute the analytic value; correct the rule it comes from (a value read out of a \
variable, or detached, is a constant to the gradient).
1 of 3 at a kink: there is no derivative, only one from each side; check at another point.
"
    );
}

#[test]
fn names_factors_and_many_rows() {
    let x: Vec<f64> = (0..30).map(|k| 1.0 + f64::from(k)).collect();
    let f = |x: &[f64]| x.iter().map(|x| x * x).sum();
    let mut gradient: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
    gradient[7] *= -1.0;
    gradient[8] *= 0.5;
    gradient[9] = f64::NAN;
    let names: Vec<String> = (0..30).map(|k| format!("weight {k}")).collect();
    let report = check_gradient_by_hand(f, &gradient, &x).named(names).to_string();
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[1].starts_with("weight 9 ") && lines[1].ends_with("INVALID"), "{report}");
    assert!(lines[2].ends_with("MISMATCH, -1 times the numeric value"), "{report}");
    assert!(lines[3].ends_with("MISMATCH, 0.5 times the numeric value"), "{report}");
    assert_eq!(lines[21], "and 10 more, of which 10 pass");
    assert_eq!(lines.len(), 24, "{report}");
}

#[test]
fn all_well() {
    let report = check_gradient(|[x, y]| x * y, [2.0, 3.0]);
    assert!(report.to_string().ends_with("\nall 2 pass"));
    let wrong_length = check_gradient_by_hand(|x| x[0], &[1.0, 2.0], &[1.0]).to_string();
    assert!(wrong_length.contains("2 derivatives with respect to 1 coordinates"), "{wrong_length}");
}
