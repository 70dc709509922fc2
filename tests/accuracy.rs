//! Promise: values and partials are right to the last digits, also where the textbook form cancels.

#[allow(dead_code)]
#[path = "common/accuracy.rs"]
mod accuracy;

use accuracy::{Fixture, bound, computed, conditions, fixtures, list_reports, page, reports, ulps};
use tapegrad::{
    Number,
    primitives::{Op, reductions},
};

#[test]
fn every_row_with_fixtures_keeps_its_bound() {
    let reports = reports();
    assert!(reports.len() >= 50, "fixtures are missing: only {} rows have them", reports.len());
    for report in &reports {
        for (worst, what) in report.worst.iter().zip(["value", "partial"]) {
            let (name, limit) = (report.op.name(), bound(report.op));
            assert!(
                worst.by_condition <= limit,
                "{what} of {name}: {} at {:?}",
                worst.by_condition,
                worst.at
            );
        }
    }
}

#[test]
fn lists_are_backward_stable() {
    let reports = list_reports();
    assert_eq!(reports.len(), reductions().count() - 1, "all but affine, which is dot and a sum");
    for report in reports {
        for (worst, limit) in report.worst.iter().zip([4.0, 8.0]) {
            assert!(worst.ulps <= limit, "{}: {} at {:?}", report.op.name(), worst.ulps, worst.at);
        }
    }
}

/// The places where textbook forms fail are among the fixtures, and the yardstick sees them fail.
#[test]
fn textbook_forms_would_be_caught() {
    let worst = |op: Op, textbook: fn(f64) -> f64| {
        let error =
            |fixture: &Fixture| ulps(textbook(fixture.args[0]), fixture.exact[1]) / conditions(fixture)[1];
        fixtures(op).iter().map(error).fold(0.0, f64::max)
    };
    assert!(worst(Op::Tanh, |x| 1.0 - x.tanh() * x.tanh()) > 100.0);
    assert!(worst(Op::Sigmoid, |x| x.sigmoid() * (1.0 - x.sigmoid())) > 100.0);
    assert!(worst(Op::ExpM1, |x| x.exp_m1() + 1.0) > 100.0);
}

/// The comparison itself: one unit off is one unit.
#[test]
fn an_ulp_is_an_ulp() {
    let fixture = fixtures(Op::Exp).swap_remove(5);
    let value = computed(&fixture)[0];
    let error = ulps(value.next_up(), fixture.exact[0]) + ulps(value.next_down(), fixture.exact[0]);
    assert!((error - 2.0).abs() < 1e-9);
}

#[test]
fn the_page_is_of_this_table() {
    let page_rows = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line[..line[3..].find('`').unwrap() + 4].to_owned())
            .collect()
    };
    let committed = include_str!("../docs/accuracy.md");
    assert_eq!(page_rows(committed), page_rows(&page()), "run the example `accuracy` again");
}
