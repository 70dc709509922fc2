//! The top-level functions: derivatives of plain functions, in every shape, for closures and generic functions, against
//! each other and against what is known.

use crate::common::{assert_says, refusal};
use proptest::prelude::*;
use tapegrad::{Dual, Real, Var, derivative, gradient, hessian, hvp, jacobian, jvp, value_and_gradient, vjp};

/// x₀² x₁ + sin(x₁ x₂) + … over any number of coordinates, each with its neighbour.
fn chained<R: Real>(x: &[R]) -> R {
    let neighbours: R = x.windows(2).map(|w| w[0] * w[0] * w[1] + (w[0] * w[1]).sin()).sum();
    neighbours + x[0].exp() * x[x.len() - 1]
}

fn quadratic<R: Real>([x, y]: [R; 2]) -> R {
    x * x * 3.0 + x * y * 5.0 + y * 7.0
}

#[test]
fn one_number() {
    assert_eq!(derivative(|x| x.powi(3), 2.0), 12.0);
    assert_eq!(derivative(|x| x, 2.0), 1.0);
    assert_eq!(derivative(|_| Dual::from(7.0), 2.0), 0.0);
    fn cube<R: Real>(x: R) -> R {
        x * x * x
    }
    assert_eq!(derivative(cube, 2.0), 12.0);
}

#[test]
fn every_shape_of_point() {
    let (array, vector) = ([2.0, 3.0], vec![2.0, 3.0]);
    let expected = [27.0, 17.0];
    let of_array: [f64; 2] = gradient(quadratic, array);
    let of_reference: [f64; 2] = gradient(quadratic, &array);
    let on_slice = |x: &[Var]| quadratic([x[0], x[1]]);
    let of_slice: Vec<f64> = gradient(on_slice, &array[..]);
    let of_vector: Vec<f64> = gradient(on_slice, vector.clone());
    let of_vector_reference: Vec<f64> = gradient(on_slice, &vector);
    assert_eq!((of_array, of_reference), (expected, expected));
    assert_eq!([of_slice, of_vector, of_vector_reference], [expected; 3]);
    // Closures take arrays apart, and capture what they like.
    let slope = 5.0;
    assert_eq!(gradient(|[x, y]| x * slope - y, [1.0, 1.0]), [5.0, -1.0]);
    let mut calls = 0;
    let (value, of_closure) = value_and_gradient(
        |[x, y]| {
            calls += 1;
            x * y
        },
        [2.0, 3.0],
    );
    assert_eq!((value, of_closure, calls), (6.0, [3.0, 2.0], 1));
    // No coordinates at all.
    let none: Vec<f64> = gradient(|_: &[Var]| Var::from(1.0), &[0.0; 0][..]);
    assert!(none.is_empty());
}

#[test]
fn jacobians_have_the_shape_of_results_and_points() {
    let polar = |[r, phi]: [Var; 2]| [r * phi.cos(), r * phi.sin()];
    let arrays: [[f64; 2]; 2] = jacobian(polar, [2.0, 0.0]);
    assert_eq!(arrays, [[1.0, 0.0], [0.0, 2.0]]);
    let to_vector: Vec<[f64; 2]> = jacobian(|x| polar(x).to_vec(), &[2.0, 0.0]);
    assert_eq!(to_vector, arrays);
    let from_slice: [Vec<f64>; 2] = jacobian(|x: &[Var]| polar([x[0], x[1]]), &[2.0, 0.0][..]);
    assert_eq!(from_slice, arrays);
    let vectors: Vec<Vec<f64>> = jacobian(|x: &[Var]| polar([x[0], x[1]]).to_vec(), vec![2.0, 0.0]);
    assert_eq!(vectors, arrays);
    // More results than coordinates, a constant one, and one that is a coordinate as it is.
    let j = jacobian(|[x, y]| [x * y, Var::from(3.0), y, x], [2.0, 5.0]);
    assert_eq!(j, [[5.0, 2.0], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]);
}

#[test]
fn results_that_are_arguments_or_constants() {
    assert_eq!(gradient(|[x, _]| x, [1.0, 2.0]), [1.0, 0.0]);
    assert_eq!(gradient(|[_, y]| y, [1.0, 2.0]), [0.0, 1.0]);
    assert_eq!(gradient(|[_, _]| Var::from(3.0), [1.0, 2.0]), [0.0, 0.0]);
    assert_eq!(vjp(|[x, _]| [x], [1.0, 2.0], [3.0]), ([1.0], [3.0, 0.0]));
    assert_eq!(hessian(|[x, _]| x, [1.0, 2.0]), [[0.0; 2]; 2]);
    assert_eq!(hessian(|[x, y]| x * y, [1.0, 2.0]), [[0.0, 1.0], [1.0, 0.0]]);
    assert_eq!(hessian(|[_, _]| Dual::from(3.0), [1.0, 2.0]), [[0.0; 2]; 2]);
    assert_eq!(hvp(|[x, y]| x * y, [1.0, 2.0], [5.0, 7.0]), [7.0, 5.0]);
    assert_eq!(jvp(|[x, _]| [x, Dual::from(3.0)], [1.0, 2.0], [5.0, 7.0]), ([1.0, 3.0], [5.0, 0.0]));
}

#[test]
fn second_derivatives_in_every_shape() {
    let expected = [[6.0, 5.0], [5.0, 0.0]];
    let array: [[f64; 2]; 2] = hessian(quadratic, [1.0, 2.0]);
    let slice: Vec<Vec<f64>> = hessian(|x| quadratic([x[0], x[1]]), &[1.0, 2.0][..]);
    assert_eq!(array, expected);
    assert_eq!(slice, expected);
    assert_eq!(hvp(quadratic, &[1.0, 2.0], &[1.0, 10.0]), [56.0, 5.0]);
    let vector: Vec<f64> = hvp(|x| quadratic([x[0], x[1]]), vec![1.0, 2.0], vec![1.0, 10.0]);
    assert_eq!(vector, [56.0, 5.0]);
}

/// The Hessian of `chained` by nested forward mode.
fn nested_hessian<const N: usize>(at: [f64; N]) -> [[f64; N]; N] {
    let x = Dual::<Dual<f64, N>, N>::variables(Dual::variables(at));
    chained(&x).tangents().map(|tangent| tangent.tangents())
}

#[track_caller]
fn assert_close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs())), "{a} {b}");
}

/// Directions are taken four at a time; all remainders occur.
fn check_hessian<const N: usize>() {
    let at: [f64; N] = std::array::from_fn(|k| 0.3 + 0.2 * k as f64 * (1.0 - 0.15 * k as f64));
    let nested = nested_hessian(at);
    let of_array: [[f64; N]; N] = hessian(|x| chained(&x), at);
    let of_slice = hessian(chained, &at[..]);
    let v: [f64; N] = std::array::from_fn(|k| (k as f64 + 1.0).sin());
    let product = hvp(|x| chained(&x), at, v);
    for i in 0..N {
        for j in 0..N {
            assert_close(of_array[i][j], nested[i][j]);
            assert_eq!(of_slice[i][j], of_array[i][j]);
        }
        assert_close(product[i], (0..N).map(|j| nested[i][j] * v[j]).sum());
    }
}

#[test]
fn hessians_of_one_to_nine_variables() {
    check_hessian::<1>();
    check_hessian::<2>();
    check_hessian::<3>();
    check_hessian::<4>();
    check_hessian::<5>();
    check_hessian::<6>();
    check_hessian::<7>();
    check_hessian::<8>();
    check_hessian::<9>();
    let none: Vec<Vec<f64>> = hessian(|_: &[_]| Dual::from(1.0), &[0.0; 0][..]);
    assert!(none.is_empty());
}

/// Two results of three variables.
fn pair<R: Real>([x, y, z]: [R; 3]) -> [R; 2] {
    [(x * y).sin() + z.exp(), x.hypot(y) * z]
}

proptest! {
    /// ⟨u, Jv⟩ = ⟨Jᵀu, v⟩: forward and reverse mode are each other's transpose.
    #[test]
    fn the_dot_test(
        at in prop::array::uniform3(0.5..2.0),
        u in prop::array::uniform2(-1.0..1.0),
        v in prop::array::uniform3(-1.0..1.0),
    ) {
        let (forward, jv) = jvp(pair, at, v);
        let (reverse, uj) = vjp(pair, at, u);
        let j = jacobian(pair, at);
        prop_assert_eq!(forward, reverse);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        prop_assert!((dot(&u, &jv) - dot(&uj, &v)).abs() < 1e-12);
        for i in 0..2 {
            prop_assert!((dot(&j[i], &v) - jv[i]).abs() < 1e-12);
        }
        for k in 0..3 {
            prop_assert!((u[0] * j[0][k] + u[1] * j[1][k] - uj[k]).abs() < 1e-12);
        }
    }

    /// Forward and reverse mode agree on a function of one variable.
    #[test]
    fn derivative_and_gradient(x in -2.0..2.0) {
        fn f<R: Real>(x: R) -> R {
            (x * x + 1.0).ln() * x.sin().exp() / (x.tanh() + 2.0)
        }
        let forward = derivative(f, x);
        let [reverse] = gradient(|[x]| f(x), [x]);
        prop_assert!((forward - reverse).abs() <= 1e-13 * (1.0 + forward.abs()));
        prop_assert_eq!(value_and_gradient(|[x]| f(x), [x]).0, f(x));
    }
}

#[test]
fn products_in_every_shape() {
    let (y, jv) = jvp(|x: &[Dual]| vec![x[0] * x[1]], &[2.0, 3.0][..], &[1.0, 10.0][..]);
    assert_eq!((y, jv), (vec![6.0], vec![23.0]));
    let (y, uj) = vjp(|x: &[Var]| vec![x[0] * x[1], x[0]], vec![2.0, 3.0], vec![1.0, 10.0]);
    assert_eq!((y, uj), (vec![6.0, 2.0], vec![13.0, 2.0]));
    let (_, uj) = vjp(|[x, y]| [x * y, x], &[2.0, 3.0], [1.0, 10.0]);
    assert_eq!(uj, [13.0, 2.0]);
}

#[test]
fn lengths_must_agree() {
    let of_slices = ["the same length"];
    let square = |x: &[Dual]| vec![x[0] * x[0]];
    assert_says(&refusal(|| jvp(square, &[1.0, 2.0][..], &[1.0][..])), &of_slices);
    let f = |x: &[Dual<Var>]| x[0] * x[0];
    assert_says(&refusal(|| hvp(f, vec![1.0, 2.0], vec![])), &of_slices);
    let f = |x: &[Var]| vec![x[0], x[0]];
    for u in [vec![], vec![1.0], vec![1.0; 3]] {
        assert_says(&refusal(|| vjp(f, vec![1.0], u)), &["one weight per result"]);
    }
}
