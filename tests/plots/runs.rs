//! Promise: the bars of a plan are the shares of the numbers that its loops compute.

use crate::drawing::{SERIES, panels};
use tapegrad::plot::{Error, run_lengths};
use tapegrad::{Function, Var};

#[test]
fn bars_are_the_shares_of_the_lengths() {
    // Forty sines side by side, and eight exponentials.
    let f =
        |x: &[Var]| x.iter().map(|x| x.sin()).sum::<Var>() + x[..8].iter().map(|x| x.exp()).product::<Var>();
    let plan = Function::record(f, &[0.5; 40][..]).unwrap().vectorised();
    let lengths = &plan.plan().lengths;
    assert_eq!(lengths.iter().map(|&(_, loops)| loops).sum::<usize>(), plan.plan().runs);
    assert!(lengths.iter().any(|&(length, _)| length == 40), "{lengths:?}");
    assert!(lengths.len() > 1, "{lengths:?}");
    let total: usize = lengths.iter().map(|&(length, loops)| length * loops).sum();
    let share = |low: usize, high: usize| {
        let within = lengths.iter().filter(|&&(length, _)| (low..=high).contains(&length));
        within.map(|&(length, loops)| length * loops).sum::<usize>() as f64 / total as f64
    };
    let plot = run_lengths(plan.plan()).unwrap();
    assert!(plot.to_svg().contains("32 to 63") && share(32, 63) > 0.4);
    let panel = &panels(&plot)[0];
    // From left to right, the doublings that have loops.
    let expected: Vec<f64> = (0..usize::BITS - 1)
        .map(|bin| share(1 << bin, (2 << bin) - 1))
        .filter(|&share| share > 0.0)
        .collect();
    let mut bars = panel.cells(SERIES[0]);
    bars.sort_by(|a, b| a[0].total_cmp(&b[0]));
    assert_eq!(bars.len(), expected.len());
    for ([_, top, _, bottom], share) in bars.into_iter().zip(expected) {
        let [top, bottom] = [top, bottom].map(|pixel| panel.y.number(pixel));
        assert!(bottom.abs() < 0.5 && (top - 100.0 * share).abs() < 0.5, "{top} instead of {share}");
    }
}

#[test]
fn a_plan_without_loops_is_refused() {
    let f = Function::record(|x: &[Var]| x[0], &[1.0][..]).unwrap().vectorised();
    assert!(f.plan().lengths.is_empty());
    assert!(matches!(run_lengths(f.plan()), Err(Error::Empty(_))));
}
