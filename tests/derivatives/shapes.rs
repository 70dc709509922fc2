//! Arguments and results of any shape: numbers, arrays, slices, vectors, tuples, and these inside each other.

use crate::common::{assert_says, refusal};
use tapegrad::{
    Dual, Error, Function, HessianNumber, Point, Real, Tape, Var, gradient, hessian, hvp, jacobian, jvp,
    value_and_gradient, vjp,
};

/// Of x, y, z and w: partials z·w, cos y, x·w, x·z; second derivatives by hand below.
fn f<R: Real>(x: R, y: R, z: R, w: R) -> R {
    x * z * w + y.sin()
}

const AT: [f64; 4] = [2.0, 0.5, 3.0, 5.0];

fn slopes() -> [f64; 4] {
    let [x, y, z, w] = AT;
    [z * w, y.cos(), x * w, x * z]
}

/// The gradient in one shape, flat.
fn flat<P: Point<f64>>(_: &P, of: &P::Of<f64>) -> Vec<f64> {
    P::numbers_of(of)
}

#[test]
fn a_point_of_any_shape() {
    let [x, y, z, w] = AT;
    let expected = slopes();
    assert_eq!(gradient(|[x, y, z, w]| f(x, y, z, w), AT), expected);
    assert_eq!(gradient(|x: &[Var]| f(x[0], x[1], x[2], x[3]), &AT[..]), expected);
    assert_eq!(gradient(|[x, y, z, w]| f(x, y, z, w), &AT), expected);
    assert_eq!(gradient(|x: &[Var]| f(x[0], x[1], x[2], x[3]), AT.to_vec()), expected);

    let [a, b, c, d] = expected;
    assert_eq!(gradient(|(x, y, z, w)| f(x, y, z, w), (x, y, z, w)), (a, b, c, d));
    assert_eq!(gradient(|([x, y], [z, w])| f(x, y, z, w), ([x, y], [z, w])), ([a, b], [c, d]));
    assert_eq!(gradient(|[[x, y], [z, w]]| f(x, y, z, w), [[x, y], [z, w]]), [[a, b], [c, d]]);
    assert_eq!(gradient(|(x, (y, [z]), w)| f(x, y, z, w), (x, (y, [z]), w)), (a, (b, [c]), d));

    let rest = vec![y, z, w];
    let of_rest = |(x, rest): (Var, &[Var])| f(x, rest[0], rest[1], rest[2]);
    assert_eq!(gradient(of_rest, (x, &rest)), (a, vec![b, c, d]));
    assert_eq!(gradient(of_rest, (x, &rest[..])), (a, vec![b, c, d]));
    let rows = |rows: &[[Var; 2]]| f(rows[0][0], rows[0][1], rows[1][0], rows[1][1]);
    assert_eq!(gradient(rows, vec![[x, y], [z, w]]), [[a, b], [c, d]]);
    let ragged = |rows: &[Vec<Var>]| f(rows[0][0], rows[1][0], rows[1][1], rows[1][2]);
    assert_eq!(gradient(ragged, vec![vec![x], rest]), [vec![a], vec![b, c, d]]);

    assert_eq!(value_and_gradient(|x| x * x, 3.0), (9.0, 6.0));
    let six = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    assert_eq!(gradient(|(a, b, c, d, e, f)| a * b + c * d + e * f, six), (2.0, 1.0, 4.0, 3.0, 6.0, 5.0));
    assert_eq!(gradient(|(x,)| x.exp(), (0.0,)), (1.0,));
}

#[test]
fn the_smallest_shapes() {
    assert_eq!(gradient(|_: [Var; 0]| Var::from(1.0), [0.0; 0]), [0.0; 0]);
    assert_eq!(gradient(|(x, _): (Var, &[Var])| x, (7.0, &[0.0; 0][..])), (1.0, vec![]));
    assert_eq!(gradient(|rows: &[[Var; 2]]| Var::from(rows.len() as f64), &[[0.0; 2]; 0][..]), [[0.0; 2]; 0]);
    // An argument as it is, and one that has no part.
    assert_eq!(gradient(|(x, _)| x, (7.0, [8.0, 9.0])), (1.0, [0.0, 0.0]));
    let none: [f64; 0] = jacobian(|_| [] as [Var; 0], 2.0);
    assert!(none.is_empty());
}

#[test]
fn results_of_any_shape() {
    let polar = |(r, phi): (Var, Var)| (r * phi.cos(), [r * phi.sin()]);
    assert_eq!(jacobian(polar, (2.0, 0.0)), ((1.0, 0.0), [(0.0, 2.0)]));
    assert_eq!(jacobian(|[x, y]| x * y, [2.0, 3.0]), [3.0, 2.0]);
    assert_eq!(jacobian(|x| vec![x, x * x], 3.0), [1.0, 6.0]);
    assert_eq!(jacobian(|x| x.sqrt(), 4.0), 0.25);

    let polar = |(r, phi): (Dual, Dual)| (r * phi.cos(), [r * phi.sin()]);
    assert_eq!(jvp(polar, (2.0, 0.0), (1.0, 3.0)), ((2.0, [0.0]), (1.0, [6.0])));
    let polar = |(r, phi): (Var, Var)| (r * phi.cos(), [r * phi.sin()]);
    assert_eq!(vjp(polar, (2.0, 0.0), (1.0, [3.0])), ((2.0, [0.0]), (1.0, 6.0)));
}

#[test]
fn second_derivatives_in_blocks() {
    let g = |(x, [z, w]): (HessianNumber, [HessianNumber; 2])| x * z * w;
    let by_x = (0.0, [5.0, 3.0]);
    let by_zw = [(5.0, [0.0, 2.0]), (3.0, [2.0, 0.0])];
    assert_eq!(hessian(g, (2.0, [3.0, 5.0])), (by_x, by_zw));
    let g = |(x, [z, w]): (Dual<Var>, [Dual<Var>; 2])| x * z * w;
    assert_eq!(hvp(g, (2.0, [3.0, 5.0]), (1.0, [0.0, 10.0])), (30.0, [25.0, 3.0]));
    assert_eq!(hessian(|x: HessianNumber| x.powi(3), 2.0), 12.0);
}

#[test]
fn tapes_and_recordings_take_them_too() -> Result<(), Error> {
    let tape = Tape::new();
    let (x, [y, z]) = tape.vars((2.0, [3.0, 5.0]));
    let g = (x * y * z).backward();
    assert_eq!(g.wrt((x, [y, z])), (15.0, [10.0, 6.0]));
    assert_eq!(g.wrt([[z, x]]), [[6.0, 15.0]]);
    let product = tape.custom("product", (x, [y]), |(x, [y])| (x * y, (y, [x])));
    assert_eq!(product.backward().wrt([x, y]), [3.0, 2.0]);

    let recorded = Function::record(|(x, [y, z])| (x * y, [z, x * z]), (1.0, [1.0, 1.0]))?;
    assert_eq!((recorded.inputs(), recorded.outputs()), (3, 3));
    assert_eq!(recorded.evaluator().values(&[2.0, 3.0, 5.0])?, [6.0, 5.0, 10.0]);
    assert_eq!(flat(&(1.0, [1.0]), &(3.0, [4.0])), [3.0, 4.0]);
    Ok(())
}

/// Generic code that was handed a closure: the shape is said, or it is wrapped in a closure.
#[test]
#[allow(clippy::redundant_closure)] // the compiler needs them
fn closures_that_are_arguments() {
    fn wrapped(f: impl Fn([Var; 1]) -> Var) -> f64 {
        let function = Function::record(|x| f(x), [2.0]).unwrap();
        function.evaluator().value(&[3.0]).unwrap() + gradient(|x| f(x), [3.0])[0]
    }
    fn said(f: impl Fn([Var; 1]) -> Var) -> f64 {
        let function = Function::record::<[f64; 1], _>(&f, [2.0]).unwrap();
        function.evaluator().value(&[3.0]).unwrap() + gradient::<[f64; 1]>(f, [3.0])[0]
    }
    fn of_slices(f: impl Fn(&[Var]) -> Var, x: &[f64]) -> Vec<f64> {
        assert_eq!(Function::record(|x| f(x), x).unwrap().evaluator().gradient(x).unwrap(), gradient(&f, x));
        gradient(|x| f(x), x)
    }
    fn of_points<P: Point<f64> + Copy>(f: impl Fn(P::Args<'_, Var>) -> Var, x: P) -> Vec<f64> {
        let at = x.numbers();
        Function::record(|x| f(x), x).unwrap().evaluator().gradient(&at).unwrap()
    }
    assert_eq!(wrapped(|[x]| x * x), 9.0 + 6.0);
    assert_eq!(said(|[x]| x * x), 9.0 + 6.0);
    assert_eq!(of_slices(|x| x[0] * x[1], &[2.0, 3.0]), [3.0, 2.0]);
    assert_eq!(of_points(|(x, [y])| x * y, (2.0, [3.0])), [3.0, 2.0]);
}

/// As many numbers, in lists of other lengths: refused, not shifted from one list to the next.
#[test]
fn lists_of_other_lengths() {
    let f = |x: &[Var]| vec![vec![x[0] * 1.0], vec![x[1] * 1.0, x[2] * 1.0]];
    let weights = || vec![vec![10.0, 20.0], vec![30.0]];
    let message = refusal(|| vjp(f, &[1.0, 2.0, 3.0][..], weights()));
    assert_says(&message, &["the results and the weights must have the same shape"]);
    let point = || (vec![2.0], vec![3.0, 5.0]);
    let message = refusal(|| {
        jvp(|(a, b): (&[Dual], &[Dual])| a[0] * b[0] + b[1], point(), (vec![1.0, 0.0], vec![0.0]))
    });
    assert_says(&message, &["the point and the direction must have the same shape"]);
    let g = |(a, b): (&[Dual<Var>], &[Dual<Var>])| a[0] * b[0] + b[1];
    let message = refusal(|| hvp(g, point(), (vec![1.0, 0.0], vec![0.0])));
    assert_says(&message, &["the point and the direction must have the same shape"]);
    let tape = Tape::new();
    let [x, y, z] = tape.vars([1.0, 2.0, 3.0]);
    let rule =
        |(a, b): (&[f64], &[f64])| (a[0] * b[0] * b[1], (vec![b[0] * b[1], a[0] * b[1]], vec![a[0] * b[0]]));
    let message = refusal(|| tape.custom("op", (vec![x], vec![y, z]), rule));
    assert_says(
        &message,
        &["`op`", "the inputs and the partial derivatives of `op` must have the same shape"],
    );
}
