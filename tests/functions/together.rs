//! What runs compute together, or not at all, changes nothing: stencils, borders, factors, and products in sums.

use crate::programs::Random;
use tapegrad::vectorised::Exactness;
use tapegrad::{Function, Var, lists};

/// Values to the bit, and derivatives, at random points.
fn check(f: &Function, scale: f64, what: &str) {
    let (exact, plan) = (f.vectorised_with(Exactness::Exact), f.vectorised());
    assert!(exact.plan().is_vectorised, "{what}: {}", exact.plan());
    let mut random = Random(7);
    for _ in 0..4 {
        let x: Vec<f64> = (0..f.inputs()).map(|_| scale * random.uniform(-2.0, 2.0)).collect();
        let (value, gradient) = f.evaluator().value_and_gradient(&x).unwrap();
        assert_eq!(exact.evaluator().value(&x).unwrap().to_bits(), value.to_bits(), "{what}");
        for (ours, slopes) in
            [exact.evaluator(), plan.evaluator()].map(|mut it| it.value_and_gradient(&x).unwrap())
        {
            assert!((ours - value).abs() <= 1e-12 * value.abs().max(1e-300), "{what}: {ours} and {value}");
            let largest = gradient.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
            for (k, (ours, slope)) in slopes.iter().zip(&gradient).enumerate() {
                let error = (ours - slope).abs();
                assert!(error <= 1e-12 * largest, "{what}: slope {k} is {ours} and not {slope}");
            }
        }
    }
}

fn squares(numbers: &[Var]) -> Var {
    lists::sum(&numbers.iter().map(|&number| number * number).collect::<Vec<_>>())
}

/// Neighbours that are near and far, few and many, each with a factor, with and without a factor that is a value.
#[test]
fn stencils() {
    let shifts: [&[usize]; 7] =
        [&[0, 1, 2], &[1, 0], &[0, 3], &[0, 5], &[0, 1, 2, 3, 4], &[4, 0, 9, 2], &[0, 1, 30]];
    for shifts in shifts {
        let reach = *shifts.iter().max().unwrap();
        for len in [40, 64, 100] {
            let step = |cells: &[Var]| -> Vec<Var> {
                let ends = [Var::from(0.0), Var::from(1.25)];
                let wide: Vec<Var> = [cells, &ends.repeat(reach)[..reach]].concat();
                let cell = |k: usize| {
                    let neighbours = shifts.iter().enumerate();
                    neighbours.fold(cells[k] * 0.5, |sum, (number, shift)| {
                        let neighbour = wide[k + shift];
                        match number % 3 {
                            0 => sum + neighbour * 0.3,
                            1 => sum - neighbour * cells[k] * 0.01,
                            _ => sum - (neighbour - cells[k]) * 0.2,
                        }
                    })
                };
                (0..len).map(cell).collect()
            };
            let f =
                Function::record(|x: &[Var]| squares(&step(&step(&step(x)))), &vec![0.5; len][..]).unwrap();
            check(&f, 1.0, &format!("shifts {shifts:?} of {len}"));
        }
    }
}

/// Windows that leave a grid find one constant for one operation, and another one for another.
#[test]
fn borders_with_several_constants() {
    let step = |cells: &[Var]| -> Vec<Var> {
        let with = |end: f64| [&[Var::from(end)], cells, &[Var::from(-end)]].concat();
        let (a, b) = (with(1.5), with(0.25));
        (0..cells.len()).map(|k| (a[k + 2] - a[k]) * 0.1 + (b[k] + b[k + 2]) * 0.2 + cells[k] * 0.3).collect()
    };
    let f = Function::record(|x: &[Var]| squares(&step(&step(&step(x)))), &[0.5; 48][..]).unwrap();
    check(&f, 1.0, "borders");
}

/// Constant factors in a row, of which some overflow or vanish if they are taken together.
#[test]
fn factors_in_a_row() {
    let factors: [&[f64]; 6] = [
        &[0.5, -3.0, 0.1],
        &[1e200, 1e-200, 1e200, 1e-200],
        &[1e-160, 1e160, 1e-160, 1e160],
        &[1e-99, 1e-99, 1e99, 1e99],
        &[1e120, 1e120, 1e-240],
        &[-0.0, 2.0],
    ];
    for factors in factors {
        let f = Function::record(
            |x: &[Var]| {
                let scaled = |&x: &Var| factors.iter().fold(x, |product, &factor| product * factor);
                let after = |(&x, scaled): (&Var, Var)| x.sin() - scaled;
                lists::sum(&x.iter().zip(x.iter().map(scaled)).map(after).collect::<Vec<_>>())
            },
            &[0.5; 60][..],
        );
        check(&f.unwrap(), 1.0, &format!("{factors:?}"));
    }
}

/// Every derivative within rounding of itself, at this point.
fn check_each(f: &Function, x: &[f64], what: &str) {
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised, "{what}: {}", plan.plan());
    let (slopes, expected) = (plan.evaluator().gradient(x).unwrap(), f.evaluator().gradient(x).unwrap());
    for (k, (ours, slope)) in slopes.iter().zip(expected).enumerate() {
        assert!(
            (ours - slope).abs() <= 1e-12 * slope.abs(),
            "{what}: slope {k} is {ours:e} and not {slope:e}"
        );
    }
}

/// Factors whose product is out of range, while the derivative is not.
#[test]
fn factors_beside_large_and_small_adjoints() {
    for [x, a, b, after] in [
        [1.0, 1e-200, 1e-200, 1e300],
        [1.0, 1e-155, 1e-155, 1e200],
        [1e-300, 1e200, 1e99, 1e-300],
        [1.0, 1e-310, 1.0, 1e300],
    ] {
        let x: Vec<f64> = (1..=100).map(|k| x * f64::from(k)).collect();
        let f = Function::record(
            |x: &[Var]| lists::sum(&x.iter().map(|&x| (x * a * b).sin() * after).collect::<Vec<_>>()),
            &x[..],
        );
        check_each(&f.unwrap(), &x, &format!("{a:e}, {b:e} and {after:e}"));
    }
}

/// A factor, a value and an adjoint, of which two have a product out of range.
#[test]
fn values_that_are_small_or_large() {
    for [first, second, factor, after] in [
        [1e40, 1e-150, 1e90, 1e-170],
        [1e-150, 1e40, 1e90, 1e-170],
        [1e250, 1e-50, 1e-200, 1e100],
        [1e-155, 1e5, 1e150, 1e-155],
        [1e-300, 1e-3, 1e300, 1e-8],
    ] {
        let x: Vec<f64> =
            (0..200).map(|k| if k % 2 == 0 { first } else { second } * (1.0 + f64::from(k))).collect();
        let f = Function::record(
            |x: &[Var]| {
                let terms = x.chunks(2).map(|x| (x[0] * x[1] * factor).sin() * after);
                lists::sum(&terms.collect::<Vec<_>>())
            },
            &x[..],
        );
        check_each(&f.unwrap(), &x, &format!("{first:e}, {second:e}, {factor:e} and {after:e}"));
    }
}

/// A product that only a sum reads, and a guard.
#[test]
fn guards_of_products() {
    let f = Function::record(
        |x: &[Var]| {
            let term = |w: &[Var]| {
                let product = w[0] * w[1];
                if product < 100.0 { product + w[2] } else { w[2] }
            };
            lists::sum(&x.windows(3).map(term).collect::<Vec<_>>())
        },
        &[0.5; 70][..],
    )
    .unwrap();
    check(&f, 1.0, "within");
    let plan = f.vectorised();
    for k in [0, 33, 69] {
        let mut x = vec![2.0; 70];
        x[k] = 51.0;
        let (ours, theirs) = (plan.evaluator().value(&x), f.evaluator().value(&x));
        assert_eq!(ours.map_err(|e| e.to_string()), theirs.map_err(|e| e.to_string()), "{k}");
    }
}

/// `a b + c`, `c + a b`, `a b − c` and `c − a b`, where factors are values, constants, one number for all, or the same.
#[test]
fn products_in_sums() {
    type Term = fn([Var; 4]) -> Var;
    let terms: [Term; 9] = [
        |[a, b, c, _]| a * b + c,
        |[a, b, c, _]| c + a * b,
        |[a, b, c, _]| a * b - c,
        |[a, b, c, _]| c - a * b,
        |[a, _, c, one]| c - one * a,
        |[a, _, c, _]| c - a * 0.3,
        |[a, _, c, _]| a.powi(2) - c,
        |[a, b, c, _]| a * b - b * c,
        |[a, b, _, one]| a * b - one,
    ];
    for (number, term) in terms.into_iter().enumerate() {
        for is_read_again in [false, true] {
            let f = Function::record(
                |x: &[Var]| {
                    let of = |w: &[Var]| {
                        let term = term([w[0], w[1], w[2], x[0]]);
                        if is_read_again { term.tanh() * w[0] * w[1] } else { term.tanh() }
                    };
                    lists::sum(&x.windows(3).map(of).collect::<Vec<_>>())
                },
                &[0.5; 70][..],
            );
            check(&f.unwrap(), 1.0, &format!("term {number}, read again: {is_read_again}"));
        }
    }
}

/// Numbers that are in two lists in another order are copied once, and read again beside others.
#[test]
fn copies_that_are_read_again() {
    let f = Function::record(
        |x: &[Var]| {
            let terms =
                x.chunks(3).map(|x| (x[0] * x[1]).exp() * x[2] - x[0] / (x[1] * x[1] + 2.0) * x[2].cos());
            lists::sum(&terms.collect::<Vec<_>>())
        },
        &[0.5; 300][..],
    );
    check(&f.unwrap(), 1.0, "triples");
}
