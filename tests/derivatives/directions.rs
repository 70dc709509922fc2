//! A direction that does not enter contributes nothing, of up to 64 directions, and wherever a derivative is
//! infinite: 0 as in reverse mode, never NaN.

use crate::common::{alike, quick_tape};
use tapegrad::check::Verdict;
use tapegrad::{
    Dual, Function, Real, Workspace, check_all, derivative, gradient, hessian, hvp, jvp, masks::lt,
    preaccumulate,
};

const INFINITY: f64 = f64::INFINITY;

#[track_caller]
fn assert_alike(found: &[f64], expected: &[f64]) {
    let are_alike = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| alike(*a, *b));
    assert!(are_alike, "{found:?} instead of {expected:?}");
}

/// Each direction beside each other: (1 + x) √y at 0 has slopes 0 and ∞.
fn check_count<const N: usize>() {
    let x: [Dual<f64, N>; N] = Dual::variables([0.0; N]);
    let tape = quick_tape();
    let vars = tape.vars([0.0; N]);
    let pairs: Vec<(usize, usize)> = (0..N).flat_map(|i| (0..N).map(move |k| (i, k))).collect();
    let few = pairs.iter().filter(|(i, k)| i != k && (N < 10 || [0, 1, N / 2, N - 1].contains(i)));
    for &(i, k) in few {
        let expected: [f64; N] = std::array::from_fn(|j| if j == k { INFINITY } else { 0.0 });
        assert_alike(&((x[i] + 1.0) * x[k].sqrt()).tangents(), &expected);
        assert_alike(&tapegrad::lists::product(&[x[i] + 1.0, x[k].sqrt()]).tangents(), &expected);
        let mark = tape.mark();
        let block = preaccumulate(vars, |x| (x[i] + 1.0) * x[k].sqrt());
        assert_alike(&block.backward().wrt(vars), &expected);
        tape.rewind(mark);
    }
    // Where it does enter, nobody knows what 0 · ∞ is.
    let last = x[N - 1];
    assert!((last.sqrt() * last.sqrt()).tangent(N - 1).is_nan());
    let smooth = x.iter().enumerate().map(|(k, x)| (x + 1.0).powi(k as i32)).sum::<Dual<f64, N>>();
    assert_alike(&smooth.tangents(), &std::array::from_fn::<f64, N, _>(|k| k as f64));
}

/// More than 64 are refused by the compiler: an example of `Dual` shows it.
#[test]
fn as_many_directions_as_there_may_be() {
    check_count::<1>();
    check_count::<2>();
    check_count::<8>();
    check_count::<9>();
    check_count::<48>();
    check_count::<49>();
    check_count::<60>();
    check_count::<64>();
    check_count::<63>();
    assert_eq!((Dual::<f64, 0>::constant(2.0) * 3.0).primal(), 6.0);
}

/// √x + y²
fn root_and_square<R: Real>([x, y]: [R; 2]) -> R {
    x.sqrt() + y * y
}

/// x² + √y
fn square_and_root<R: Real>([x, y]: [R; 2]) -> R {
    x * x + y.sqrt()
}

/// The directional derivative in every way.
#[track_caller]
fn assert_slope(f: &Function, front: f64, at: [f64; 2], v: [f64; 2], expected: f64) {
    assert_alike(&[front], &[expected]);
    let x = [at, v].concat();
    let mut workspace = Workspace::new();
    for jvp in [f.jvp().unwrap(), f.jvp().unwrap().optimize(), f.optimize().jvp().unwrap()] {
        assert_alike(&jvp.evaluator_in(&mut workspace).values(&x).unwrap()[1..], &[expected]);
    }
}

#[test]
fn a_direction_of_zero_does_not_enter_a_product() {
    for recorded_at in [[1.0, 1.0], [0.0, 3.0]] {
        let f = Function::record(root_and_square, recorded_at).unwrap();
        for (at, v, expected) in [
            ([0.0, 3.0], [0.0, 1.0], 6.0),
            ([0.0, 3.0], [-0.0, 1.0], 6.0),
            ([0.0, 3.0], [0.0, 0.0], 0.0),
            ([0.0, 3.0], [1.0, 1.0], INFINITY),
            ([4.0, 3.0], [1.0, 0.0], 0.25),
            ([4.0, 3.0], [1.0, 1.0], 6.25),
            ([0.0, 3.0], [f64::NAN, 0.0], f64::NAN),
        ] {
            let front = jvp(|x| [root_and_square(x)], at, v).1[0];
            assert_slope(&f, front, at, v, expected);
        }
    }
    // Behind further operations, also lists, and where directions come together.
    fn deep<R: Real>([x, y]: [R; 2]) -> R {
        tapegrad::lists::product(&[x.sqrt().mul_add(2.0, y), y]) + (x.ln().exp() * y).max(y * 2.0)
    }
    // (2√x + y) y + max(x y, 2y)
    let f = Function::record(deep, [1.0, 1.0]).unwrap();
    for (v, expected) in [([0.0, 1.0], 8.0), ([1.0, 1.0], INFINITY)] {
        let front = jvp(|x| [deep(x)], [0.0, 3.0], v).1[0];
        assert_slope(&f, front, [0.0, 3.0], v, expected);
    }
    // A tangent that is computed to be 0 did enter.
    fn computed<R: Real>([x, y]: [R; 2]) -> R {
        (x - y).sqrt()
    }
    let f = Function::record(computed, [2.0, 1.0]).unwrap();
    let front = jvp(|x| [computed(x)], [1.0, 1.0], [1.0, 1.0]).1[0];
    assert_slope(&f, front, [1.0, 1.0], [1.0, 1.0], f64::NAN);
    let front = jvp(|x| [computed(x)], [1.0, 1.0], [0.0, 0.0]).1[0];
    assert_slope(&f, front, [1.0, 1.0], [0.0, 0.0], 0.0);
}

/// What was not taken stays out of `jvp()` too, wherever it was recorded.
#[test]
fn what_is_not_taken_does_not_enter_a_product() {
    fn f<R: Real>([x, y]: [R; 2]) -> R {
        lt(x, 1.0).select(x * 2.0, y.sqrt()) + x.max(y.ln())
    }
    for recorded_at in [[0.5, 0.25], [2.0, 9.0]] {
        let function = Function::record(f, recorded_at).unwrap();
        for (at, v, expected) in [
            ([0.5, 0.0], [1.0, 1.0], 3.0),
            ([0.5, 0.0], [0.0, 1.0], 0.0),
            ([2.0, 0.0], [1.0, 0.0], 1.0),
            ([2.0, 0.0], [1.0, 1.0], INFINITY),
            ([2.0, 9.0], [1.0, 1.0], 1.0 / 6.0 + 1.0 / 9.0),
        ] {
            let front = jvp(|x| [f(x)], at, v).1[0];
            assert_slope(&function, front, at, v, expected);
        }
    }
}

/// The Hessian in every way.
fn hessians(f: &Function, front: [[f64; 2]; 2], at: [f64; 2]) -> Vec<Vec<f64>> {
    let mut of_duals = vec![0.0; 4];
    f.evaluator().hessian_into(&at, &mut of_duals).unwrap();
    let of_function = f.hessian().unwrap().evaluator().values(&at).unwrap();
    let mut by_products = of_duals.clone();
    let mut by_symbolic_products = Vec::new();
    for (row, v) in by_products.chunks_exact_mut(2).zip([[1.0, 0.0], [0.0, 1.0]]) {
        f.evaluator().hvp_into(&at, &v, row).unwrap();
        let x = [at, v].concat();
        by_symbolic_products.extend(f.hvp().unwrap().evaluator().values(&x).unwrap());
    }
    vec![front.concat(), of_duals, of_function, by_products, by_symbolic_products]
}

#[test]
fn a_direction_of_zero_does_not_enter_a_hessian() {
    for recorded_at in [[1.0, 1.0], [2.0, 0.0], [0.0, 3.0]] {
        let f = Function::record(square_and_root, recorded_at).unwrap();
        for hessian in hessians(&f, hessian(square_and_root, [2.0, 0.0]), [2.0, 0.0]) {
            assert_alike(&hessian, &[2.0, 0.0, 0.0, -INFINITY]);
        }
        let f = Function::record(root_and_square, recorded_at).unwrap();
        for hessian in hessians(&f, hessian(root_and_square, [0.0, 3.0]), [0.0, 3.0]) {
            assert_alike(&hessian, &[-INFINITY, 0.0, 0.0, 2.0]);
        }
    }
    for (v, expected) in [([1.0, 0.0], [2.0, 0.0]), ([0.0, 1.0], [0.0, -INFINITY]), ([0.0, 0.0], [0.0, 0.0])]
    {
        assert_alike(&hvp(square_and_root, [2.0, 0.0], v), &expected);
        let f = Function::record(square_and_root, [1.0, 1.0]).unwrap();
        let mut product = [1.0; 2];
        f.evaluator().hvp_into(&[2.0, 0.0], &v, &mut product).unwrap();
        assert_alike(&product, &expected);
        let x = [2.0, 0.0, v[0], v[1]];
        assert_alike(&f.hvp().unwrap().evaluator().values(&x).unwrap(), &expected);
        assert_alike(&f.hvp().unwrap().optimize().evaluator().values(&x).unwrap(), &expected);
    }
    // With parameters, which have no direction.
    let f = Function::record(|[p, x]| p.sqrt() * 2.0 + x * x * x, [1.0, 1.0]).unwrap();
    let f = f.with_held(0..1).unwrap();
    let mut second = [0.0];
    f.evaluator().hessian_into(&[0.0, 2.0], &mut second).unwrap();
    assert_eq!(second, [12.0]);
    assert_eq!(f.hvp().unwrap().evaluator().values(&[0.0, 2.0, 1.0]).unwrap(), [12.0]);
}

/// Every way agrees with reverse mode, which is what tells that 0 is right.
#[test]
fn as_in_reverse_mode() {
    assert_alike(&gradient(root_and_square, [0.0, 3.0]), &[INFINITY, 6.0]);
    assert_eq!(derivative(|y| root_and_square([Dual::constant(0.0), y]), 3.0), 6.0);
    let report = check_all!(square_and_root, [2.0, 4.0]);
    assert!(report.is_pass(), "{report}");
    // At the edge differences have nothing to say, but forward and reverse mode agree.
    let report = check_all!(root_and_square, [0.0, 3.0]);
    let forward = report.entries.iter().filter(|entry| entry.name == "forward: x[1]");
    assert!(
        forward.clone().count() == 1 && forward.clone().all(|entry| entry.verdict == Verdict::Pass),
        "{report}"
    );
}
