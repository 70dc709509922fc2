//! One function over any number, differentiated in every mode there is.

use tapegrad::{
    Dual, Function, Tape, Var, Workspace,
    batch::{BatchWorkspace, Column, Precision, Samples},
    preaccumulate,
};

/// As many operands as a function has at most.
pub const MOST: usize = 8;

/// The value and the gradient by the name of a mode.
pub type Found = (&'static str, f64, Vec<f64>);

/// Of the function as closures over both kinds of number; see the macro `in_all_modes`.
pub fn find(
    at: &[f64],
    by_var: impl Fn(&[Var]) -> Var,
    by_dual: impl Fn(&[Dual<f64, MOST>]) -> Dual<f64, MOST>,
    by_block: impl FnOnce(&[Dual<f64, MOST>]) -> Dual<f64, MOST>,
) -> Vec<Found> {
    let n = at.len();
    let mut found = Vec::new();
    for tape in [Tape::new(), Tape::recording()] {
        let x = tape.vars(at);
        let y = by_var(&x);
        found.push(("reverse", y.value(), y.backward().wrt(&x)));
    }
    let duals: Vec<_> = at.iter().enumerate().map(|(k, &a)| Dual::variable(a, k)).collect();
    let y = by_dual(&duals);
    found.push(("forward", y.primal(), y.tangents()[..n].to_vec()));
    let tape = Tape::new();
    let x = tape.vars(at);
    let inputs: [Var; MOST] = std::array::from_fn(|k| x.get(k).copied().unwrap_or_default());
    let y = preaccumulate(inputs, |block| by_block(&block[..n]));
    found.push(("a block", y.value(), y.backward().wrt(&x)));

    let function = Function::record(|x: &[Var]| by_var(x), at).unwrap();
    let mut workspace = Workspace::new();
    let mut gradient = vec![0.0; n];
    function.evaluator_in(&mut workspace).jacobian_into(at, &mut gradient).unwrap();
    found.push(("a function", function.evaluator_in(&mut workspace).value(at).unwrap(), gradient));
    let value = function.evaluator_in(&mut workspace).value(at).unwrap();
    let gradient = function.gradient().unwrap().evaluator_in(&mut workspace).values(at).unwrap();
    found.push(("a gradient function", value, gradient));
    let (value, gradient) = in_lanes::<f64>(&function, at);
    found.push(("a batch", value, gradient));
    found
}

/// The value and the gradient in lanes, in either precision.
pub fn in_lanes<T: Precision>(function: &Function, at: &[f64]) -> (f64, Vec<f64>) {
    let n = at.len();
    let columns: Vec<Vec<f64>> = at.iter().map(|&a| vec![a; 3]).collect();
    let columns: Vec<Column<'_>> = columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    let batched = function.batched_as::<T>(0..0).unwrap();
    let mut workspace = BatchWorkspace::<T>::new();
    let (mut values, mut slopes) = (vec![0.0; 3], vec![0.0; 3 * n]);
    batched.evaluator_in(&mut workspace).values_into(&[], &samples, &mut values).unwrap();
    batched.evaluator_in(&mut workspace).jacobians_into(&[], &samples, &mut slopes).unwrap();
    (values[1], slopes[n..2 * n].to_vec())
}

/// `in_all_modes!(|x| expression of the slice x, point)`.
#[macro_export]
macro_rules! in_all_modes {
    (|$x:ident| $f:expr, $at:expr) => {
        $crate::modes::find(
            &$at,
            |$x: &[tapegrad::Var]| $f,
            |$x: &[tapegrad::Dual<f64, { $crate::modes::MOST }>]| $f,
            |$x: &[tapegrad::Dual<f64, { $crate::modes::MOST }>]| $f,
        )
    };
}
