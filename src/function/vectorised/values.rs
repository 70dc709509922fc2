//! Plans of values alone, for functions that are evaluated as parts of others.

use super::planned::{LEAST_OPERATIONS, Planned};
use super::stretches::LIMITS;
use super::{Exactness, Vectorised};
use crate::function::Function;

impl Vectorised {
    /// The values of a function, planned so that they have its bits; `None` where that does not pay, unless it `is_forced`, and
    /// where loops are inside: a plan leaves out those that no output depends on, with what they would refuse.
    pub(in crate::function) fn of_values(function: &Function, is_forced: bool) -> Option<Vectorised> {
        let mut held = function.inlined();
        let has_loops = !held.graph.instructions.atomics().is_empty();
        if has_loops || held.work() < LEAST_OPERATIONS && !is_forced {
            return None;
        }
        held.variables.clear();
        let mut planned = Planned::new(&held, Exactness::Exact, size_of::<f64>(), LIMITS);
        if is_forced {
            planned.make_whole(Exactness::Exact);
        }
        let pays = planned.statistics.is_vectorised || is_forced;
        pays.then(|| Vectorised::of(planned, true, Exactness::Exact, LIMITS))
    }
}
