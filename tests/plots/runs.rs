//! Promise: the bars of a plan are the shares of the numbers that its loops compute.

use crate::drawing::{SERIES, panels};
use tapegrad::plot::{Error, run_lengths};
use tapegrad::{Function, Var};

#[test]
fn bars_are_the_shares_of_the_lengths() {
    let plan = crate::all::plan();
    let lengths = &plan.plan().lengths;
    assert_eq!(lengths.iter().map(|&(_, loops)| loops).sum::<usize>(), plan.plan().runs);
    assert!(lengths.iter().any(|&(length, _)| length == 40), "40 sines side by side: {lengths:?}");
    let total: usize = lengths.iter().map(|&(length, loops)| length * loops).sum();
    let share = |low: usize, high: usize| {
        let within = lengths.iter().filter(|&&(length, _)| (low..=high).contains(&length));
        within.map(|&(length, loops)| length * loops).sum::<usize>() as f64 / total as f64
    };
    let plot = run_lengths(plan.plan()).unwrap();
    assert!(plot.to_svg().contains("32 to 63") && share(32, 63) > 0.4);
    let panel = &panels(&plot)[0];
    let bars = panel.cells(SERIES[0]);
    assert!(!bars.is_empty());
    for [left, top, right, bottom] in bars {
        let [left, right] = [left, right].map(|pixel| panel.x.number(pixel));
        let [top, bottom] = [top, bottom].map(|pixel| panel.y.number(pixel));
        // The bar at 1 is that of loops of 1, at 2 that of 2 to 3, …
        let bin = (left + right) / 2.0 - 1.0;
        let low = 1_usize << bin.round() as u32;
        assert!((bin - bin.round()).abs() < 0.02 && bottom.abs() < 0.5);
        assert!((top / 100.0 - share(low, 2 * low - 1)).abs() < 0.01, "{low}: {top}");
    }
}

#[test]
fn a_plan_without_loops_is_refused() {
    let f = Function::record(|x: &[Var]| x[0], &[1.0][..]).unwrap().vectorised();
    assert!(f.plan().lengths.is_empty());
    assert!(matches!(run_lengths(f.plan()), Err(Error::Empty(_))));
}
