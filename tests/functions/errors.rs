//! Promise: a function never panics on numbers. It gives a number, NaN, or an error that says what was wrong and what helps,
//! by one rule in all forms.

use tapegrad::{
    Adaptive, Dual, Error, Function, Number, Pass, Tape, Var, Workspace,
    batch::{BatchedAdaptive, Column, Samples},
    gradient, hessian,
};

fn bounded<R: Number>(x: R, low: R, high: R) -> R {
    x.clamp(low, high) * 3.0
}

#[track_caller]
fn all_nan(numbers: &[f64]) {
    assert!(!numbers.is_empty() && numbers.iter().all(|number| number.is_nan()), "{numbers:?}");
}

/// Bounds in the wrong order, or that are none: NaN, and so are the derivatives.
#[test]
fn clamp_between_reversed_bounds_is_nan_in_every_form() {
    for x in [[0.5, 2.0, 1.0], [3.0, 2.0, 1.0], [0.5, f64::NAN, 1.0], [0.5, 0.0, f64::NAN], [0.0, 0.0, -1.0]]
    {
        let recorded = Function::record(|[x, low, high]| bounded(x, low, high), [0.5, 0.0, 1.0]).unwrap();
        let there = Function::record(|[x, low, high]| bounded(x, low, high), x).unwrap();
        let optimized = recorded.optimize();
        let fused = recorded.with_passes(&[Pass::Reassociate]);
        for f in [&recorded, &there, &optimized, &fused] {
            let (mut workspace, mut slopes) = (Workspace::new(), [7.0; 3]);
            all_nan(&[f.evaluator_in(&mut workspace).value(&x).unwrap()]);
            all_nan(&[f.evaluator_in(&mut workspace).value_and_gradient_into(&x, &mut slopes).unwrap()]);
            all_nan(&slopes);
            slopes = [7.0; 3];
            f.evaluator_in(&mut workspace).jacobian_into(&x, &mut slopes).unwrap();
            all_nan(&slopes);
            let mut second = [7.0; 9];
            f.evaluator().hessian_into(&x, &mut second).unwrap();
            all_nan(&f.gradient().unwrap().evaluator_in(&mut workspace).values(&x).unwrap());
            all_nan(&f.gradient().unwrap().optimize().evaluator_in(&mut workspace).values(&x).unwrap());
            f.hessian().unwrap().evaluator_in(&mut workspace).values(&x).unwrap();
            let both = f.jvp().unwrap().evaluator_in(&mut workspace).values(&[x, [1.0; 3]].concat()).unwrap();
            all_nan(&both);
            all_nan(
                &f.vjp().unwrap().evaluator_in(&mut workspace).values(&[&x[..], &[1.0]].concat()).unwrap(),
            );

            all_nan(&f.call(&x).unwrap());
            let called = f.call(&Dual::variables(x)).unwrap()[0];
            all_nan(&[called.primal()]);
            all_nan(&called.tangents());
            for tape in [Tape::new(), Tape::recording()] {
                let vars = tape.vars(x);
                for y in [f.call(&vars).unwrap()[0], f.call_as_node(&vars).unwrap()[0]] {
                    all_nan(&y.backward().wrt(vars));
                }
            }
        }
        all_nan(&[bounded(x[0], x[1], x[2])]);
        all_nan(&gradient(|[x, low, high]| bounded(x, low, high), x));
        let _ = hessian(|[x, low, high]| bounded(x, low, high), x);
    }
}

#[test]
fn clamp_in_batches_is_nan_in_the_samples_that_have_no_bounds() {
    let f = Function::record(|[x, low, high]| bounded(x, low, high), [0.5, 0.0, 1.0]).unwrap();
    let (x, low, high) = ([0.5, 0.5, 3.0, 0.5], [0.0, 2.0, 0.0, f64::NAN], [1.0; 4]);
    let columns = [Column::from(&x), Column::from(&low), Column::from(&high)];
    let samples = Samples::new(&columns).unwrap();
    let is_nan = |numbers: &[f64]| numbers.iter().map(|number| number.is_nan()).collect::<Vec<_>>();

    let (mut values, mut jacobians) = ([7.0; 4], [7.0; 12]);
    let double = f.batched(0..0).unwrap();
    double.evaluator().values_into(&[], &samples, &mut values).unwrap();
    double.evaluator().jacobians_into(&[], &samples, &mut jacobians).unwrap();
    assert_eq!((is_nan(&values), values[0], values[2]), (vec![false, true, false, true], 1.5, 3.0));
    assert_eq!(jacobians[..3], [3.0, 0.0, 0.0]);
    assert_eq!(jacobians[6..9], [0.0, 0.0, 3.0]);
    all_nan(&[&jacobians[3..6], &jacobians[9..]].concat());

    let (mut values, mut jacobians) = ([7.0; 4], [7.0; 12]);
    let single = f.batched_as::<f32>(0..0).unwrap();
    single.evaluator().values_into(&[], &samples, &mut values).unwrap();
    single.evaluator().jacobians_into(&[], &samples, &mut jacobians).unwrap();
    assert_eq!(is_nan(&values), [false, true, false, true]);
    all_nan(&[&jacobians[3..6], &jacobians[9..]].concat());

    // Shared bounds, and the recordings of closures.
    let shared = Function::record(|[low, high, x]| bounded(x, low, high), [0.0, 1.0, 0.5]).unwrap();
    let mut slopes = [7.0; 2];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let shared = shared.batched(0..2).unwrap();
    let total = shared.evaluator().value_and_gradient_into(&[2.0, 1.0], &samples, &mut slopes);
    all_nan(&[total.unwrap(), slopes[0], slopes[1]]);

    let closure = |x: &[Var]| bounded(x[2], x[0], x[1]);
    let mut adaptive = Adaptive::new(closure, 2);
    all_nan(&[adaptive.value(&[2.0, 1.0, 0.5]).unwrap()]);
    let mut adaptive = BatchedAdaptive::new(closure, 0..2, 2);
    let mut out = [7.0; 4];
    adaptive.values_into(&[2.0, 1.0], &samples, &mut out).unwrap();
    all_nan(&out);
}

#[test]
fn a_hessian_without_variables_is_checked_the_same() {
    let f = Function::record(|[x, y]| if x < y { x } else { y }, [1.0, 2.0]).unwrap();
    let f = f.with_held(0..2).unwrap();
    let hessian_at = |f: &Function, x: &[f64], n: usize| f.evaluator().hessian_into(x, &mut vec![0.0; n]);
    assert_eq!(hessian_at(&f, &[1.0, 2.0], 0), Ok(()));
    assert!(matches!(
        hessian_at(&f, &[2.0, 1.0], 0),
        Err(Error::BranchChanged { left: 2.0, right: 1.0, .. })
    ));
    assert!(matches!(hessian_at(&f, &[1.0], 0), Err(Error::Length { what: "inputs", expected: 2, got: 1 })));
    assert!(matches!(hessian_at(&f, &[1.0, 2.0], 1), Err(Error::Length { what: "derivatives", .. })));
    let two = Function::record(|[x]| [x, x], [1.0]).unwrap().with_held(0..1).unwrap();
    assert!(matches!(hessian_at(&two, &[1.0], 0), Err(Error::Length { what: "outputs", .. })));
    let none = Function::record(|_: [Var; 0]| Var::from(2.0), [0.0; 0]).unwrap();
    assert_eq!(hessian_at(&none, &[], 0), Ok(()));
}

#[test]
fn numbers_of_outputs_and_inputs_that_there_are_not() {
    let f = Function::record(|[x]| [x, x * x], [1.0]).unwrap();
    for output in [2, usize::MAX - 1, usize::MAX] {
        assert!(matches!(f.gradient_of(output), Err(Error::Length { got: 2, .. })));
        assert!(matches!(f.output(output), Err(Error::Length { got: 2, .. })));
    }
    for inputs in [0..2, 2..3, 0..usize::MAX, usize::MAX - 1..usize::MAX] {
        assert!(matches!(f.clone().with_held(inputs.clone()), Err(Error::Length { .. })));
        assert!(matches!(f.batched(inputs), Err(Error::Length { .. })));
    }
}

#[track_caller]
fn says(error: &Error, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing: {message}");
    }
}

#[test]
fn a_changed_branch_says_what_was_asked_and_how_it_turned_out() {
    let at = |f: &Function, x: &[f64]| f.evaluator().value(x).unwrap_err();
    let line = line!() + 1;
    let f = Function::record(|[x, y]| if x < y { x } else { y }, [1.0, 2.0]).unwrap();
    let here = format!("{}:{line}:", file!());
    says(&at(&f, &[2.0, 1.0]), &["2 < 1 at ", &here, "it is false here and was true there", "`Adaptive`"]);
    let f = Function::record(|[x]| if x.is_nan() { x } else { -x }, [1.0]).unwrap();
    says(&at(&f, &[f64::NAN]), &["NaN.is_nan() at ", "it is true here and was false there"]);
    let ascending =
        |[x, y]: [Var; 2]| if x.partial_cmp(&y) == Some(std::cmp::Ordering::Less) { x } else { y };
    let f = Function::record(ascending, [1.0, 2.0]).unwrap();
    says(&at(&f, &[2.0, 1.0]), &["2.partial_cmp(1) == Some(Less) at ", "it is Some(Greater) here"]);
    says(&at(&f, &[2.0, f64::NAN]), &["2.partial_cmp(NaN) == Some(Less) at ", "it is None here"]);
    assert!(f.to_string().contains("guard (x0.partial_cmp(x1) == Some(Less));"), "{f}");

    let columns = [Column::from(&[1.0, 2.0]), Column::from(&[2.0, 1.0])];
    let samples = Samples::new(&columns).unwrap();
    let in_batch = f.batched(0..0).unwrap().evaluator().values_into(&[], &samples, &mut [0.0; 2]);
    says(
        &in_batch.unwrap_err(),
        &["in 1 of the samples, number 1", "it is Some(Greater) here", "`BatchedAdaptive`"],
    );
}

#[test]
fn a_wrong_length_says_what_there_should_be() {
    let f = Function::record(|[w, x]| w * x, [1.0, 2.0]).unwrap();
    let x = [1.0; 14];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let learned = f.clone().with_held(1..2).unwrap().batched(0..1).unwrap();
    let error = learned.evaluator().jacobians_into(&[1.0], &samples, &mut [0.0; 14]).unwrap_err();
    says(&error, &["expected 0 derivatives", "got 14", "`jacobians`", "shared", "`value_and_gradient`"]);

    let mut workspace = Workspace::new();
    says(
        &f.evaluator_in(&mut workspace).value(&[1.0]).unwrap_err(),
        &["expected 2 inputs, got 1", "held inputs included"],
    );
    let error = f.evaluator_in(&mut workspace).value_and_gradient_into(&[1.0, 2.0], &mut [0.0]).unwrap_err();
    says(&error, &["expected 2 derivatives, got 1", "one per variable"]);
    let two = Function::record(|[x]| [x, x], [1.0]).unwrap();
    says(
        &two.evaluator_in(&mut workspace).value(&[1.0]).unwrap_err(),
        &["expected 1 outputs, got 2", "`gradient_of`"],
    );
}
