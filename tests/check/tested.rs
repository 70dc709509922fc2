//! Promise: the checker catches every wrong rule, and never refuses a right one.

use crate::tester::{MUTATIONS, Mutants, correct_hard, correct_programs, correct_rows, is_cut_off, mutants};
use std::sync::LazyLock;
use tapegrad::check::ExpressionOptions;

static MUTANTS: LazyLock<Vec<Mutants>> = LazyLock::new(mutants);

/// How often the right gradients are tried where all builds test.
const CASES: usize = 400;

#[test]
fn every_wrong_rule_is_caught() {
    let mutants = &*MUTANTS;
    let rows = tapegrad::primitives::all().filter(|row| !is_cut_off(row.op)).count()
        + tapegrad::primitives::reductions().count();
    assert_eq!(mutants.len(), rows);
    for Mutants { op, outcomes } in mutants {
        for ([_, _, missed], mutation) in outcomes.iter().zip(MUTATIONS) {
            assert_eq!(*missed, 0, "{mutation} of {op} is missed");
        }
    }
    let total =
        |k: usize| mutants.iter().flat_map(|row| row.outcomes).map(|outcome| outcome[k]).sum::<usize>();
    assert!(total(0) > 600 && total(1) < 150, "{} caught, {} equivalent", total(0), total(1));
}

/// Equivalent mutants are those of constant or equal partials, and no others.
#[test]
fn equivalent_mutants_are_few_and_known() {
    let count = |name: &str| {
        let row = MUTANTS.iter().find(|row| row.op.name() == name).unwrap();
        row.outcomes.map(|[_, equivalent, _]| equivalent)
    };
    assert_eq!(count("add"), [0, 0, 0, 2, 2, 0, 0]); // swapped, beside the point
    assert_eq!(count("floor"), [1, 1, 1, 0, 1, 1, 1]); // all but swapped, which it cannot be
    assert_eq!(count("sin"), [0; 7]);
    assert_eq!(count("mul"), [0; 7]);
}

#[test]
fn right_gradients_are_never_refused() {
    let branches = ExpressionOptions { branches: true, ..Default::default() };
    for tally in [
        correct_rows(CASES / 80),
        correct_programs(CASES, Default::default()),
        correct_programs(CASES / 2, branches),
        correct_hard(CASES / 2),
    ] {
        assert_eq!(tally.refused, 0, "{tally:?}");
        assert!(tally.pass * 2 > tally.gradients, "hardly anything can be decided: {tally:?}");
    }
    let smooth = ExpressionOptions { piecewise: false, selects: false, ..Default::default() };
    let tally = correct_programs(CASES, smooth);
    assert!(tally.pass * 100 > tally.gradients * 95 && tally.refused == 0, "{tally:?}");
}

#[test]
fn the_page_is_of_this_table() {
    let page = include_str!("../../docs/tester.md");
    for row in crate::tester::rows().iter().filter(|row| !is_cut_off(row.op)) {
        assert!(page.contains(&format!("| `{}` |", row.op)), "{}: run the example `tester` again", row.op);
    }
    assert!(is_spotless(page), "the page does not say 0 missed, and 0 of 100,000 refused");
}

/// Whether a page says that no mutant was missed and that none of at least 100,000 right gradients was refused.
fn is_spotless(page: &str) -> bool {
    let tried = page.lines().find_map(|line| line.strip_prefix("0 of ")?.strip_suffix(" refused."));
    page.contains(", 0 missed, in ") && tried.is_some_and(|tried| tried.parse::<usize>().unwrap() >= 100_000)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "slow in debug builds")]
fn none_of_100_000_right_gradients_is_refused() {
    assert!(is_spotless(&crate::tester::page(100_000)));
}
