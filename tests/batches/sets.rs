//! Shared inputs are any set: the same bits as of a function whose shared inputs stand side by side.

use crate::programs::{Program, Random};
use tapegrad::batch::{Batched, BatchedAdaptive, Column, Samples};
use tapegrad::{Error, Function, Var};

/// Everything that a batch of one output gives.
fn numbers(batched: &Batched, shared: &[f64], columns: &[Vec<f64>]) -> Vec<u64> {
    let columns: Vec<Column<'_>> = columns.iter().map(Column::from).collect();
    let samples = Samples::with_len(&columns, 5).unwrap();
    let mut numbers = batched.evaluator();
    let (total, gradient) = numbers.value_and_gradient(shared, &samples).unwrap();
    let all = [
        numbers.values(shared, &samples).unwrap(),
        numbers.sums(shared, &samples).unwrap(),
        numbers.jacobians(shared, &samples).unwrap(),
        gradient,
        vec![total],
    ];
    all.concat().into_iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect()
}

#[test]
fn any_set_is_as_good_as_a_range() {
    let mut random = Random(11);
    for _ in 0..300 {
        let n = 1 + random.below(6);
        let program = Program::random(&mut random, n, 12, false);
        let is_shared: Vec<bool> = (0..n).map(|_| random.below(2) == 0).collect();
        let is_held: Vec<bool> = (0..n).map(|_| random.below(3) == 0).collect();
        let of = |which: bool| (0..n).filter(|&k| is_shared[k] == which).collect::<Vec<_>>();
        let (shared, own) = (of(true), of(false));
        let number = |random: &mut Random| random.uniform(-2.0, 2.0);
        let given: Vec<f64> = shared.iter().map(|_| number(&mut random)).collect();
        let columns: Vec<Vec<f64>> =
            own.iter().map(|_| (0..5).map(|_| number(&mut random)).collect()).collect();

        let at: Vec<f64> = (0..n).map(|_| number(&mut random)).collect();
        let f = Function::record(|x| program.run(x), &at).unwrap();
        let f = f.with_held((0..n).filter(|&k| is_held[k])).unwrap();
        let scattered = f.batched(shared.iter().rev().copied().chain(shared.clone())).unwrap();
        assert_eq!((scattered.shared(), scattered.columns()), (shared.len(), own.len()));

        // The same program, recorded with the shared inputs first.
        let order = [&shared[..], &own].concat();
        let position = |input: usize| order.iter().position(|&k| k == input).unwrap();
        let moved = |x: &[Var]| program.run(&(0..n).map(|input| x[position(input)]).collect::<Vec<_>>());
        let there: Vec<f64> = order.iter().map(|&k| at[k]).collect();
        let g = Function::record(moved, &there).unwrap();
        let g = g.with_held((0..n).filter(|&k| is_held[order[k]])).unwrap();
        let in_front = g.batched(0..shared.len()).unwrap();
        assert_eq!(numbers(&scattered, &given, &columns), numbers(&in_front, &given, &columns));
    }
}

#[test]
fn closures_with_branches_take_any_set_too() {
    // a · x + b, or its square: a and b are shared and stand around x.
    let f = |x: &[Var]| if x[1] < 0.0 { x[0] * x[1] + x[2] } else { (x[0] * x[1] + x[2]).powi(2) };
    let mut adaptive = BatchedAdaptive::new(f, [2, 0], 4).with_held([2]);
    let x = [-1.0, 2.0, -3.0];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    // 2x + 5: 3, 81, −1; by a: −1, 2 · 9 · 2, −3
    assert_eq!(adaptive.value_and_gradient(&[2.0, 5.0], &samples).unwrap(), (83.0, vec![32.0]));
    assert_eq!(adaptive.recordings().len(), 2);
    let mut values = [0.0; 3];
    adaptive.values_into(&[2.0, 5.0], &samples, &mut values).unwrap();
    assert_eq!(values, [3.0, 81.0, -1.0]);
}

#[test]
fn inputs_that_there_are_not() {
    let f = Function::record(|[x, y]| x * y, [1.0, 1.0]).unwrap();
    for set in [vec![2], vec![0, 7], vec![usize::MAX]] {
        let least = set[set.len() - 1].saturating_add(1);
        let told = f.batched(set).unwrap_err();
        assert!(matches!(told, Error::Length { what: "inputs", expected: 2, got } if got == least), "{told}");
    }
    assert_eq!(f.batched([]).unwrap().columns(), 2);
    assert_eq!(f.batched([1, 0, 1]).unwrap().columns(), 0);
}
