//! Operations on matrices as single nodes: the same values and derivatives as nalgebra's own operations over scalars, in
//! every mode and to second order; one node per result.

use crate::common::alike;
use nalgebra::{DMatrix, DVector, Matrix2, RealField, Vector2};
use tapegrad::batch::{Column, Samples};
use tapegrad::masks::lt;
use tapegrad::{
    Dual, Error, Function, Mark, Number, Pass, Real, Tape, Var, check_all, gradient, hessian, hvp, jacobian,
    jvp, matrix, vjp,
};

/// What is computed from a square matrix and another of as many rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Task {
    Product,
    Solve,
    SolveLower,
    Cholesky,
    SolvePositive,
    LnDet,
    LnDetPositive,
    Form,
    InverseForm,
}
use Task::*;

pub(super) const TASKS: [Task; 9] =
    [Product, Solve, SolveLower, Cholesky, SolvePositive, LnDet, LnDetPositive, Form, InverseForm];

fn positive<R: RealField + Copy>(a: &DMatrix<R>) -> DMatrix<R> {
    a * a.transpose() + DMatrix::identity(a.nrows(), a.nrows())
}

fn single<R: RealField + Copy>(number: R) -> DMatrix<R> {
    DMatrix::from_element(1, 1, number)
}

fn first_column<R: RealField + Copy>(b: &DMatrix<R>) -> DVector<R> {
    DVector::from_fn(b.nrows(), |row, _| b[(row, 0)])
}

pub(super) fn by_nodes<R: RealField + Real>(task: Task, a: &DMatrix<R>, b: &DMatrix<R>) -> DMatrix<R> {
    let factor = || matrix::Cholesky::new(&positive(a)).expect("positive definite");
    match task {
        Product => matrix::product(a, b),
        Solve => matrix::solve(a, b),
        SolveLower => matrix::solve_lower(a, b),
        Cholesky => factor().l(),
        SolvePositive => factor().solve(b),
        LnDet => single(matrix::ln_det(a)),
        LnDetPositive => single(factor().ln_det()),
        Form => single(matrix::quadratic_form(a, &first_column(b))),
        InverseForm => single(factor().inverse_quadratic_form(&first_column(b))),
    }
}

pub(super) fn by_scalars<R: RealField + Real>(task: Task, a: &DMatrix<R>, b: &DMatrix<R>) -> DMatrix<R> {
    let factor = || positive(a).cholesky().expect("positive definite");
    let first = || first_column(b);
    match task {
        Product => a * b,
        Solve => a.clone().lu().solve(b).expect("regular"),
        SolveLower => a.solve_lower_triangular(b).expect("regular"),
        Cholesky => factor().l(),
        SolvePositive => factor().solve(b),
        LnDet => single(Number::ln(Number::abs(a.clone().lu().determinant()))),
        LnDetPositive => single(factor().l().map_diagonal(|x| Number::ln(x)).sum() * R::from(2.0)),
        Form => single((first().transpose() * a * first())[0]),
        InverseForm => single(first().dot(&factor().solve(&first()))),
    }
}

pub(super) type How<R> = fn(Task, &DMatrix<R>, &DMatrix<R>) -> DMatrix<R>;

/// A matrix of `size × size` numbers, and one of as many rows, column by column.
fn operands<R: RealField + Copy>(x: &[R], size: usize) -> (DMatrix<R>, DMatrix<R>) {
    let (a, b) = x.split_at(size * size);
    let columns = b.len().checked_div(size).unwrap_or(0);
    (DMatrix::from_column_slice(size, size, a), DMatrix::from_column_slice(size, columns, b))
}

/// Every result with a weight of its own, so that no two adjoints are the same, bent.
fn total<R: RealField + Real>(how: How<R>, task: Task, x: &[R], size: usize) -> R {
    let (a, b) = operands(x, size);
    let results = how(task, &a, &b);
    let bent = results.iter().enumerate().map(|(k, &y)| Number::sin(y * R::from(0.3 + 0.1 * k as f64)));
    bent.fold(R::from(0.0), |sum, y| sum + y)
}

/// A matrix that is well conditioned, and another, from numbers without a pattern.
fn point(size: usize, columns: usize, seed: f64) -> Vec<f64> {
    let number = |k: usize| ((k as f64 + seed) * 0.618_033_988_749_894_9).fract() * 2.0 - 1.0;
    let is_diagonal = |k: usize| k < size * size && k.is_multiple_of(size + 1);
    (0..size * size + size * columns).map(|k| number(k) + if is_diagonal(k) { 2.5 } else { 0.0 }).collect()
}

#[track_caller]
fn near(what: &str, a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(1.0, |most: f64, b| most.max(b.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-11 * largest, "{what}: {a} and {b}");
    }
}

/// Values, gradients, Hessians and products of both, against the same by scalars; and the directions of the operations.
#[test]
fn the_same_as_by_scalars_in_every_mode() {
    for (size, columns) in [(1, 1), (2, 1), (3, 2), (5, 3)] {
        for task in TASKS {
            let what = format!("{task:?} of size {size}");
            let x = point(size, columns, 0.37);
            let v = point(size, columns, 0.81);
            let nodes = |x: &[Var]| total(by_nodes, task, x, size);
            let scalars = |x: &[Var]| total(by_scalars, task, x, size);
            let (node_duals, scalar_duals) =
                (|x: &[Dual]| total(by_nodes, task, x, size), |x: &[Dual]| total(by_scalars, task, x, size));
            near(&what, &gradient(nodes, &x[..]), &gradient(scalars, &x[..]));
            let (by_nodes_jvp, by_scalars_jvp) =
                (jvp(node_duals, &x[..], &v[..]), jvp(scalar_duals, &x[..], &v[..]));
            near(&what, &[by_nodes_jvp.0, by_nodes_jvp.1], &[by_scalars_jvp.0, by_scalars_jvp.1]);
            let ours = hessian(|x: &[_]| total(by_nodes, task, x, size), &x[..]).concat();
            let theirs = hessian(|x: &[_]| total(by_scalars, task, x, size), &x[..]).concat();
            near(&what, &ours, &theirs);

            let f = Function::record(nodes, &x[..]).unwrap();
            let g = Function::record(scalars, &x[..]).unwrap();
            let (mut ours, mut theirs) = (f.evaluator(), g.evaluator());
            near(&what, &ours.gradient(&v).unwrap(), &theirs.gradient(&v).unwrap());
            near(&what, &ours.hessian(&v).unwrap(), &theirs.hessian(&v).unwrap());
            near(&what, &ours.hvp(&v, &x).unwrap(), &theirs.hvp(&v, &x).unwrap());
            for derive in [Function::hessian, Function::hvp, Function::jvp, Function::vjp] {
                let (ours, theirs) = (derive(&f).unwrap(), derive(&g).unwrap());
                let inputs = [&v[..], &x].concat();
                let inputs = &inputs[..ours.inputs().min(inputs.len())];
                let wanted = theirs.evaluator().values(inputs).unwrap();
                near(&what, &ours.evaluator().values(inputs).unwrap(), &wanted);
                near(&what, &ours.optimize().evaluator().values(inputs).unwrap(), &wanted);
            }
        }
    }
}

#[test]
fn every_check_passes() {
    for task in TASKS {
        check_all!(|x| total(by_nodes, task, x, 3), point(3, 2, 0.11)).assert_pass();
    }
}

/// In a batch, with the matrix shared, with the right side shared, and with nothing shared.
#[test]
fn batches_give_the_same() {
    let (size, columns, count) = (3, 2, 21);
    let inputs = size * (size + columns);
    for task in TASKS {
        let rows: Vec<Vec<f64>> =
            (0..count).map(|k| point(size, columns, 0.1 + f64::from(k) * 0.013)).collect();
        let f = Function::record(|x: &[Var]| total(by_nodes, task, x, size), &rows[0][..]).unwrap();
        for shared in [0..0, 0..size * size, size * size..inputs] {
            let shared_numbers = &rows[0][shared.clone()];
            let own = (0..inputs).filter(|k| !shared.contains(k));
            let own: Vec<Vec<f64>> = own.map(|k| rows.iter().map(|row| row[k]).collect()).collect();
            let columns: Vec<Column<'_>> = own.iter().map(Column::from).collect();
            let samples = Samples::new(&columns).unwrap();
            let batched = f.batched(shared.clone()).unwrap();
            let mut evaluator = batched.evaluator();
            let values = evaluator.values(shared_numbers, &samples).unwrap();
            let slopes = evaluator.jacobians(shared_numbers, &samples).unwrap();
            let (sum, by_shared) = evaluator.value_and_gradient(shared_numbers, &samples).unwrap();
            let (mut expected_sum, mut expected) = (0.0, vec![0.0; shared.len()]);
            for (k, row) in rows.iter().enumerate() {
                let mut x = row.clone();
                x[shared.clone()].copy_from_slice(shared_numbers);
                let (value, all) = f.evaluator().value_and_gradient(&x).unwrap();
                near("value", &[values[k]], &[value]);
                let own: Vec<f64> = (0..inputs).filter(|k| !shared.contains(k)).map(|k| all[k]).collect();
                near("by sample", &slopes[k * own.len()..][..own.len()], &own);
                expected_sum += value;
                expected.iter_mut().zip(&all[shared.clone()]).for_each(|(sum, slope)| *sum += slope);
            }
            near("sum", &[sum], &[expected_sum]);
            near("shared", &by_shared, &expected);
        }
    }
}

/// One node per result; the memory is that of the matrices.
#[test]
fn a_node_per_result() {
    let tape = Tape::new();
    let x = tape.vars(point(20, 1, 0.4));
    let (a, b) = operands(&x, 20);
    let before = tape.len();
    let x = matrix::solve(&a, &b);
    assert_eq!((x.shape(), tape.len() - before), ((20, 1), 20));
    let before = tape.len();
    let by_nalgebra = a.lu().solve(&b).unwrap();
    assert!(tape.len() - before > 20 * 20 * 20 / 3);
    assert!((x.map(|x| x.value()) - by_nalgebra.map(|x| x.value())).amax() < 1e-14);

    let f = Function::record(|x: &[Var]| total(by_nodes, Solve, x, 20), &point(20, 1, 0.4)[..]).unwrap();
    assert_eq!(f.statistics().counts.iter().find(|(name, _)| *name == "solve"), Some(&("solve", 1)));
}

/// Each result by itself: the operands belong to the last node, also where only the first is an output.
#[test]
fn single_results() {
    let a = [4.0, 2.0, 3.0];
    let l = |[a, b, c]: [Var; 3]| {
        let l = matrix::Cholesky::new(&Matrix2::new(a, Var::from(9.0), b, c)).unwrap().l();
        [l[(0, 0)], l[(1, 0)], l[(1, 1)]]
    };
    // √a, b / √a, √(c − b² / a)
    let root = 2.0_f64.sqrt();
    let expected = [[0.25, 0.0, 0.0], [-0.125, 0.5, 0.0], [0.125 / root, -0.5 / root, 0.5 / root]];
    let by_modes = [
        jacobian(l, a),
        [0, 1, 2].map(|k| gradient(|x| l(x)[k], a)),
        [0, 1, 2].map(|k| {
            let f = Function::record(l, a).unwrap().output(k).unwrap().optimize();
            f.evaluator().gradient(&a).unwrap().try_into().unwrap()
        }),
    ];
    for rows in by_modes {
        near("l", &rows.concat(), &expected.concat());
    }
    let (_, product) = vjp(l, a, [1.0, 2.0, 3.0]);
    near("vjp", &product, &[0.25 - 0.25 + 0.375 / root, 1.0 - 1.5 / root, 1.5 / root]);
}

#[test]
fn empty_matrices() {
    let none = DMatrix::<Var>::zeros(0, 0);
    let [wide, tall] = [DMatrix::<Var>::zeros(0, 3), DMatrix::zeros(3, 0)];
    assert_eq!(matrix::product(&tall, &wide), DMatrix::zeros(3, 3));
    assert_eq!(matrix::product(&wide, &tall).shape(), (0, 0));
    assert_eq!(matrix::solve(&none, &wide).shape(), (0, 3));
    assert_eq!(matrix::solve_lower(&none, &wide).shape(), (0, 3));
    assert_eq!(matrix::ln_det(&none).value(), 0.0);
    let factor = matrix::Cholesky::new(&none).unwrap();
    assert_eq!((factor.ln_det().value(), factor.l().shape()), (0.0, (0, 0)));
    // No right side at all, and products without terms, of variables.
    let x = gradient(
        |x: &[Var]| {
            let a = DMatrix::from_column_slice(2, 2, x);
            assert_eq!(matrix::solve(&a, &DMatrix::zeros(2, 0)).shape(), (2, 0));
            assert_eq!(matrix::product(&a, &DMatrix::zeros(2, 0)).shape(), (2, 0));
            assert_eq!(matrix::product(&DMatrix::zeros(0, 2), &a).shape(), (0, 2));
            x[0]
        },
        &[1.0, 2.0, 3.0, 4.0][..],
    );
    assert_eq!(x, [1.0, 0.0, 0.0, 0.0]);
}

/// A matrix that is not positive definite has no factor, and a recording keeps that decision. A singular system is NaN.
#[test]
fn no_result_is_told() {
    let ln_det = |[a, b]: [Var; 2]| match matrix::Cholesky::new(&Matrix2::new(a, b, b, a)) {
        Some(factor) => factor.ln_det(),
        None => a * 0.0,
    };
    let f = Function::record(ln_det, [2.0, 1.0]).unwrap();
    let mut f = f.evaluator();
    assert!((f.value(&[3.0, 1.0]).unwrap() - 8.0_f64.ln()).abs() < 1e-15);
    for outside in [[1.0, 1.0], [1.0, 2.0], [-1.0, 0.0], [f64::NAN, 0.0]] {
        assert!(matches!(f.gradient(&outside), Err(Error::BranchChanged { .. })), "{outside:?}");
        assert_eq!(gradient(ln_det, outside)[1], 0.0);
    }
    let solved = |[a]: [Var; 1]| matrix::solve(&Matrix2::new(a, a, a, a), &Vector2::new(a, a)).sum();
    assert!(gradient(solved, [1.0])[0].is_nan());
    assert!(gradient(|[a]| matrix::ln_det(&Matrix2::new(a, a, a, a)), [0.0])[0].is_nan());
    // NaN goes through.
    assert!(
        gradient(|[a]| matrix::product(&Matrix2::new(a, a, a, a), &Vector2::new(a, a)).sum(), [f64::NAN])[0]
            .is_nan()
    );
}

/// What no path reaches gets nothing, whatever its value; a zero that is a number times an infinity is NaN.
#[test]
fn zeros_beside_infinities() {
    fn at([x, y]: [Var; 2]) -> (Vector2<Var>, Var) {
        let infinite = matrix::product(&Matrix2::new(y.recip(), y, y, y), &Vector2::new(x, x));
        (infinite, x * 2.0)
    }
    assert_eq!(gradient(|p| at(p).1, [1.0, 0.0]), [2.0, 0.0]);
    let unselected = |p: [Var; 2]| at(p).0[0].min(at(p).1);
    assert_eq!(gradient(unselected, [1.0, 0.0]), [2.0, 0.0]);
    let multiplied = |p: [Var; 2]| at(p).0[0] * 0.0 + at(p).1;
    assert!(gradient(multiplied, [1.0, 0.0])[0].is_nan());
    for f in [unselected as fn([Var; 2]) -> Var, multiplied] {
        let recorded = Function::record(f, [1.0, 2.0]).unwrap();
        let (now, then) = (gradient(f, [1.0, 0.0]), recorded.evaluator().gradient(&[1.0, 0.0]).unwrap());
        assert!(now.iter().zip(&then).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{now:?} {then:?}");
    }
}

/// The same in derivatives that are functions, where each replay decides which paths there are.
#[test]
fn zeros_beside_infinities_in_functions() {
    let square = |a: Var| Matrix2::new(a, Var::from(1.0), Var::from(0.5), a);
    type OfMatrix = fn(Matrix2<Var>, Var) -> Var;
    let tasks: [(&str, OfMatrix); 5] = [
        ("product", |a, x| matrix::product(&a, &Vector2::new(x, x)).sum()),
        ("solve", |a, x| matrix::solve(&a, &Vector2::new(x, x)).sum()),
        ("solve_lower", |a, x| matrix::solve_lower(&a, &Vector2::new(x, x)).sum()),
        ("ln_det", |a, x| matrix::ln_det(&a) + x),
        ("cholesky", |a, x| matrix::Cholesky::new(&(a + a)).map_or(x, |factor| factor.ln_det() + x)),
    ];
    for (name, task) in tasks {
        // At infinity, the operation is not selected.
        let unselected = |[y, x]: [Var; 2]| lt(y, 100.0).select(task(square(y), x), x * 3.0);
        let f = Function::record(unselected, [4.0, 1.0]).unwrap();
        let at = [f64::INFINITY, 1.0];
        assert_eq!(gradient(unselected, at), [0.0, 3.0], "{name}");
        assert_eq!(f.evaluator().gradient(&at).unwrap(), [0.0, 3.0], "{name}");
        assert_eq!(f.gradient().unwrap().evaluator().values(&at).unwrap(), [0.0, 3.0], "{name}");
        // A direction of 0 contributes nothing, whatever it meets.
        let selected = |[y, x, z]: [Var; 3]| task(square(y), x) + z * 2.0;
        let f = Function::record(selected, [4.0, 1.0, 1.0]).unwrap();
        for at in [[f64::INFINITY, 1.0, 1.0], [4.0, f64::INFINITY, 1.0], [f64::NAN, 1.0, 1.0]] {
            if f.evaluator().value(&at).is_err() {
                continue; // no factor
            }
            for direction in [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]] {
                let forward = f.evaluator().jvp(&at, &direction).unwrap().1;
                let recorded = f.jvp().unwrap().evaluator().values(&[at, direction].concat()).unwrap()[1];
                assert!(alike(forward[0], recorded), "{name} {at:?} {direction:?}: {forward:?} {recorded}");
                assert!(direction[..2] != [0.0; 2] || recorded == 2.0, "{name} {at:?}: {recorded}");
            }
        }
    }
}

/// Every operand is one of every result: an infinity beside the result that is used is told.
#[test]
fn an_infinity_beside_the_result_is_told() {
    let second = |[x]: [Var; 1]| {
        let a = Matrix2::new(f64::INFINITY, 0.0, 0.0, 1.0).map(Var::from);
        matrix::product(&a, &Vector2::new(x, x))[1]
    };
    assert!(gradient(second, [1.0])[0].is_nan());
    let f = Function::record(second, [1.0]).unwrap();
    assert!(f.evaluator().gradient(&[1.0]).unwrap()[0].is_nan());
    assert!(f.gradient().unwrap().evaluator().value(&[1.0]).unwrap().is_nan());
    let columns = [Column::from(&[1.0])];
    let batched = f.batched([]).unwrap();
    let slopes = batched.evaluator().jacobians(&[], &Samples::new(&columns).unwrap()).unwrap();
    assert!(slopes[0].is_nan());
}

/// Products of more columns than an operation can have are several operations.
#[test]
fn more_columns_than_an_operation_has() {
    let columns = 70_000;
    let tape = Tape::new();
    let [a, b] = tape.vars([3.0, 2.0]);
    let y = matrix::product(&DMatrix::from_element(2, 1, a), &DMatrix::from_element(1, columns, b));
    assert_eq!((y.shape(), tape.len()), ((2, columns), 2 + 2 * columns));
    let total = tape.backward(&y.iter().map(|&y| (y, 1.0)).collect::<Vec<_>>());
    assert_eq!(total.wrt([a, b]), [4.0 * columns as f64, 6.0 * columns as f64]);
    assert_eq!(y[2 * columns - 1].backward().wrt([a, b]), [2.0, 3.0]);
}

/// Constants are no nodes; a paused tape records nothing, and a recording one cuts the derivative.
#[test]
fn constants_and_pauses() {
    let tape = Tape::new();
    let x = tape.var(2.0);
    let constant = DMatrix::from_element(2, 2, Var::from(1.5));
    assert!(matrix::product(&constant, &constant)[0].is_constant());
    let y = tape.no_grad(|| matrix::product(&constant.map(|c| c * x), &constant));
    assert!(y[0].is_constant() && tape.len() == 1);
    let tape = Tape::recording();
    let [x] = tape.vars([3.0]);
    let a = DMatrix::from_element(1, 1, x);
    let y = matrix::product(&a, &a)[0] + tape.no_grad(|| matrix::product(&a, &a)[0]);
    let f = tape.function(&[x], &[y]).unwrap();
    assert_eq!(f.evaluator().value_and_gradient(&[5.0]).unwrap(), (50.0, vec![10.0]));
}

/// The text of a function and of a listing, and what is stored, name every result once.
#[test]
fn listings_and_storage() {
    let f = Function::record(
        |[a, b]| {
            let y = matrix::product(&Matrix2::new(a, b, b, a), &Vector2::new(a, Var::from(2.0)));
            y[0] * y[1]
        },
        [1.0, 2.0],
    )
    .unwrap()
    .with_names(["a", "b"])
    .unwrap();
    let text = "fn(a, b) {\n    #2, .. #3 = matrix_product[2, 1](a, b, b, a, a, 2);\n    #4 = mul(#2, #3);\n    [#4]\n}";
    assert_eq!(f.to_string(), text);
    let listing = f.evaluator().listing(&[1.0, 2.0]).unwrap();
    assert_eq!(listing.expression(2), "entry of #3");
    assert_eq!(listing.nodes.iter().map(|node| node.value).collect::<Vec<_>>(), [1.0, 2.0, 5.0, 4.0, 20.0]);
    assert_eq!(listing.nodes[2].adjoint, Some(4.0));
    let stored = serde_json::to_string(&f).unwrap();
    assert_eq!(serde_json::from_str::<Function>(&stored).unwrap(), f);
    for broken in [
        "matrix_product[3, 1]",
        "matrix_product[0, 0]",
        "matrix_product[0, 2]",
        "matrix_product[4294967295, 65535]",
        "solve[4294967295]",
        "cholesky[2]",
        "solve[]",
        "solve[0]",
    ] {
        let broken = stored.replace("matrix_product[2, 1]", broken);
        assert!(serde_json::from_str::<Function>(&broken).is_err(), "{broken}");
    }
    // None without results, which would have no place; none that makes more of nothing.
    for (name, operands) in [
        ("matrix_product[60000, 60000]", 0),
        ("cholesky[0]", 0),
        ("ln_det[0]", 0),
        ("matrix_product[0, 2]", 6),
        ("matrix_product[2, 0]", 6),
        ("solve[2]", 4),
        ("solve_lower[2]", 3),
    ] {
        let mut broken: serde_json::Value = serde_json::from_str(&stored).unwrap();
        let operations = broken["operations"].as_array_mut().unwrap();
        operations.insert(0, serde_json::json!([name, vec![0; operands]]));
        let error = serde_json::from_value::<Function>(broken).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}` cannot take {operands} operands")), "{error}");
    }
    let passes = f.with_passes(&Pass::EXACT);
    assert_eq!(
        passes.evaluator().gradient(&[3.0, -1.0]).unwrap(),
        f.evaluator().gradient(&[3.0, -1.0]).unwrap()
    );

    let tape = Tape::new();
    let x = tape.vars([1.0, 2.0]);
    let mark: Mark = tape.mark();
    let y = matrix::product(&Matrix2::new(x[0], x[1], x[1], x[0]), &Vector2::new(x[0], Var::from(2.0)));
    let listing = tape.listing_with(&y[0].backward());
    let text = format!("{listing:.1}");
    let rows = [
        "2  entry of #3                                    5.0      1.0",
        "3  matrix_product[2, 1](#0, #1, #1, #0, #0, 2)",
    ];
    assert!(rows.iter().all(|row| text.contains(row)), "{text}");
    assert_eq!(listing.expression(2), "entry of #3");
    assert_eq!(listing.expression(3), "matrix_product[2, 1](#0, #1, #1, #0, #0, 2)");
    assert!(listing.nodes[3].partials.iter().all(Option::is_none));
    assert!(tape.first_non_finite().is_none());
    tape.rewind(mark);
    assert_eq!(tape.len(), 2);
}

#[test]
#[should_panic(expected = "a 2 × 2 matrix cannot be multiplied by a 3 × 1 matrix")]
fn shapes_that_do_not_fit() {
    let _ = matrix::product(&DMatrix::<f64>::zeros(2, 2), &DMatrix::zeros(3, 1));
}

#[test]
#[should_panic(expected = "the tape is full")]
fn a_full_tape() {
    let tape = Tape::with_limit(5);
    let x = tape.vars([1.0, 2.0]);
    let _ = matrix::product(&Vector2::new(x[0], x[1]), &Vector2::new(x[0], x[1]).transpose());
}

/// The likelihood of a Gaussian process with 120 points: the gradient by nodes is that by scalars, with a hundredth of the
/// nodes.
#[test]
fn a_gaussian_process() {
    fn ln_likelihood<R: RealField + Real>([scale, length, noise]: [R; 3], by_nodes: bool) -> R {
        let n = 120;
        let x = |k: usize| k as f64 * 0.05;
        let y = DVector::from_fn(n, |k, _| R::from((x(k) * 1.7).sin() + 0.1 * (x(k) * 23.0).cos()));
        let kernel = DMatrix::from_fn(n, n, |i, j| match i >= j {
            true => {
                let distance = R::from(x(i) - x(j)) / length;
                let noise = if i == j { noise } else { R::from(0.0) };
                Number::exp(distance * distance * R::from(-0.5)) * scale + noise
            }
            false => R::from(0.0),
        });
        if by_nodes {
            let factor = matrix::Cholesky::new(&kernel).expect("positive definite");
            (factor.ln_det() + factor.inverse_quadratic_form(&y)) * R::from(-0.5)
        } else {
            let factor = kernel.cholesky().expect("positive definite").unpack();
            let half = factor.solve_lower_triangular(&y).expect("regular");
            factor.map_diagonal(|x| Number::ln(x)).sum() * R::from(-1.0) - half.norm_squared() * R::from(0.5)
        }
    }
    let at = [1.3, 0.6, 0.05];
    let (mut lens, mut gradients) = (Vec::new(), Vec::new());
    for by_nodes in [true, false] {
        let tape = Tape::new();
        let x = tape.vars(at);
        let y = ln_likelihood(x, by_nodes);
        lens.push(tape.len());
        gradients.push(y.backward().wrt(x));
    }
    near("gradient", &gradients[0], &gradients[1]);
    assert!(lens[0] < 60_000 && lens[1] > 600_000, "{lens:?}");
    let f = Function::record(|x| ln_likelihood(x, true), at).unwrap();
    let direction = [0.3, -0.2, 0.1];
    let second = f.hvp().unwrap();
    // Nearly all of them are those of the kernel, some 100 for each of its 7,260 entries.
    assert!(second.statistics().operations < 1_000_000);
    let matrices = second
        .statistics()
        .counts
        .iter()
        .filter(|(name, _)| ["matrix_product", "solve_lower"].contains(name))
        .count();
    assert_eq!(matrices, 2);
    let expected = hvp(|x| ln_likelihood(x, false), at, direction);
    near("hvp", &second.evaluator().values(&[&at[..], &direction].concat()).unwrap(), &expected);
}
