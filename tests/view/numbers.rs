//! Numbers are short, and say so little that is wrong: rounded to the digits asked for, all of them on request.

use tapegrad::{Function, Tape};

/// The value of the only node of a tape, as it is drawn.
fn drawn(value: f64, digits: usize) -> String {
    let tape = Tape::new();
    let _x = tape.var(value);
    let tree = tape.listing().graph().digits(digits).to_string();
    tree.strip_prefix("#0 input = ").unwrap().to_owned()
}

#[test]
fn six_digits_without_zeros_at_the_end() {
    let expected = [
        (0.1 + 0.2, "0.3"),
        (1.0, "1"),
        (-0.0, "-0"),
        (0.0, "0"),
        (100.0, "100"),
        (123456.0, "123456"),
        (1234567.0, "1234570"),
        (12345678.0, "1.23457e7"),
        (0.000123456789, "0.000123457"),
        (0.00000123456789, "1.23457e-6"),
        (999999.7, "1000000"),
        (9999999.7, "1e7"),
        (-2.0 / 3.0, "-0.666667"),
        (f64::MAX, "1.79769e308"),
        (5e-324, "4.94066e-324"),
        (f64::NAN, "⚠ NaN"),
        (f64::INFINITY, "⚠ inf"),
        (f64::NEG_INFINITY, "⚠ -inf"),
    ];
    for (value, text) in expected {
        assert_eq!(drawn(value, 6), text);
    }
    assert_eq!(drawn(1.96, 2), "2");
    assert_eq!(drawn(1.96, 0), "2");
}

#[test]
fn all_digits_read_back() {
    let mut bits = 1_u64;
    for _ in 0..2_000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = f64::from_bits(bits);
        if value.is_finite() {
            assert_eq!(drawn(value, 17).parse::<f64>().unwrap().to_bits(), value.to_bits());
            // Rounded by the standard library.
            let rounded: f64 = format!("{value:.5e}").parse().unwrap();
            assert_eq!(drawn(value, 6).parse::<f64>().unwrap(), rounded);
        }
    }
    assert_eq!(drawn(0.1, usize::MAX), "0.1");
}

#[test]
fn ranges_of_what_is_folded() {
    let f = Function::record(|x| x.iter().map(|x| x.ln()).sum::<tapegrad::Var>(), &[1.0; 5][..]).unwrap();
    let mut f = f.evaluator();
    let tree = |f: &mut tapegrad::Evaluator<'_>, x: &[f64]| f.listing(x).unwrap().graph().to_string();
    assert!(tree(&mut f, &[1.0, 2.0, 4.0, 3.0, 2.0]).contains("× 5 = 1 … 4  (adjoint 0.25 … 1)"));
    assert!(tree(&mut f, &[2.0; 5]).contains("× 5 = 2  (adjoint 0.5)"));
    assert!(
        tree(&mut f, &[1.0, -2.0, 4.0, -3.0, 2.0]).contains("ln(·) × 5 = ⚠ 0 … 1.38629, 2 of 5 not finite")
    );
    assert!(tree(&mut f, &[-1.0; 5]).contains("ln(·) × 5 = ⚠ NaN"));
    assert!(tree(&mut f, &[-1.0, 0.0, 0.0, 0.0, 0.0]).contains("ln(·) × 5 = ⚠ 5 not finite"));
}
