//! Views of a tape: the graph, counts per operation, and the first number that is not finite.

use crate::tape::gradient::Gradient;
use crate::tape::{Edge, FIRST, Storage, Tape, Var};
use crate::view::{self, Fault, Listing, NonFinite, TapeStatistics, count_by_name};
use std::panic::Location;

impl Tape {
    /// The graph with every value and partial derivative. On a [`recording`](Tape::recording) tape its numbers count
    /// as read, like those of a gradient, if something is recorded afterwards.
    #[must_use]
    #[track_caller]
    pub fn listing(&self) -> Listing {
        self.listing_with(&Gradient::new())
    }

    /// The graph with every value, partial derivative and adjoint; without adjoints if the gradient is of another
    /// tape.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let x = tape.named("x", 3.0);
    /// let z = x * x + 1.0;
    /// println!("{}", tape.listing_with(&z.backward()));
    /// # let text = "#  node        value  adjoint\n0  x               3        6\n1  mul(x, x)       9        1\n2  add(#1, 1)     10        1";
    /// # assert_eq!(tape.listing_with(&z.backward()).to_string(), text);
    /// ```
    /// ```text
    /// #  node        value  adjoint
    /// 0  x               3        6
    /// 1  mul(x, x)       9        1
    /// 2  add(#1, 1)     10        1
    /// ```
    #[must_use]
    #[track_caller]
    pub fn listing_with(&self, gradient: &Gradient) -> Listing {
        let at = Location::caller();
        self.with_entries(|tape| {
            tape.give_out(at);
            Listing {
                nodes: tape.indices().map(|index| node(tape, index, gradient)).collect(),
                guards: tape.guards(),
                ..Listing::default()
            }
        })
    }

    /// How a listing of this tape refers to a variable: its node, or its value if it is a constant.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let (x, y) = (tape.named("x", 3.0), tape.named("y", 4.0));
    /// let (sum, product) = (x + y, x * y);
    /// println!("{}", tape.listing().graph().below(tape.operand(sum)));
    /// # assert!(!tape.listing().graph().below(tape.operand(sum)).to_string().contains("mul"));
    /// # let _ = product;
    /// ```
    ///
    /// # Panics
    /// If the variable is not on this tape.
    #[must_use]
    #[track_caller]
    pub fn operand(&self, var: Var) -> view::Operand {
        if !var.is_on_a_tape() {
            return view::Operand::Constant(var.value);
        }
        match self.with(|tape| tape.find(var)) {
            Some(index) => view::Operand::Node(index as usize - FIRST),
            None => panic!(
                "the variable (value {}) is not on this tape: it is of another one, or from before `clear()` or \
                 `rewind()`; take a variable of the tape that is listed",
                var.value
            ),
        }
    }

    /// How often each operation was recorded (nothing of a tape [`for_gradients`](Self::for_gradients)), and how many bytes
    /// are in use.
    #[must_use]
    #[track_caller]
    pub fn statistics(&self) -> TapeStatistics {
        self.with(|tape| TapeStatistics {
            nodes: tape.len(),
            bytes: tape.bytes_in_use(),
            counts: if tape.keeps_entries() {
                count_by_name(tape.indices().map(|index| tape.op(index)))
            } else {
                Default::default()
            },
        })
    }

    /// As [`with`](Self::with), for a tape that keeps values and operations.
    #[track_caller]
    fn with_entries<T>(&self, f: impl FnOnce(&mut Storage) -> T) -> T {
        assert!(
            self.with(|tape| tape.keeps_entries()),
            "a tape made by `Tape::for_gradients()` keeps partial derivatives only, neither values nor operations; to \
             look at what it records, make it by `Tape::new()`"
        );
        self.with(f)
    }

    /// The comparisons made so far between variables of this recording tape; a plain tape keeps no comparisons.
    #[must_use]
    #[track_caller]
    pub fn guards(&self) -> Vec<view::Guard> {
        self.with(|tape| tape.guards())
    }

    /// The first node whose value, or else partial derivative, is not finite: where to look when a gradient is NaN. A
    /// variable whose own value is not finite counts too. Of an operation with several results, which has no partials, only the
    /// results are examined.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let x = tape.named("x", 0.0);
    /// let y = x.sqrt() * 2.0;
    /// let culprit = tape.first_non_finite().unwrap();
    /// assert!(culprit.to_string().starts_with("the partial derivative of #1 sqrt(x) by x is inf"));
    /// # let _ = y;
    /// ```
    #[must_use]
    #[track_caller]
    pub fn first_non_finite(&self) -> Option<NonFinite> {
        let at = Location::caller();
        self.with_entries(|tape| {
            tape.give_out(at);
            tape.indices().find_map(|index| {
                let here = tape.node(index);
                let bad = |edge: &&Edge| here.partial(**edge).is_some_and(|partial| !partial.is_finite());
                let partial = here.edges.iter().enumerate().find(|(_, edge)| bad(edge));
                let fault = match partial {
                    _ if !here.value.is_finite() => Fault::Value,
                    Some((operand, edge)) => Fault::Partial { operand, partial: edge.slot },
                    None => return None,
                };
                let names = tape
                    .cold()
                    .names
                    .iter()
                    .map(|(name, (index, _))| (*index as usize - FIRST, name.clone()));
                Some(NonFinite::new(node(tape, index, &Gradient::new()), fault, names.collect()))
            })
        })
    }
}

impl Storage {
    fn guards(&self) -> Vec<view::Guard> {
        let recording = self.cold().recording.as_ref();
        recording.map_or(Vec::new(), |recording| recording.guards.iter().map(|guard| guard.view()).collect())
    }
}

fn node(tape: &Storage, index: usize, gradient: &Gradient) -> view::Node {
    let node = tape.node(index);
    let cold = tape.cold();
    // Names and labels are in the order of their nodes.
    let label = cold.labels.binary_search_by_key(&(index as u32), |label| label.0);
    let name = cold.names.binary_search_by(|_, named| named.0.cmp(&(index as u32)));
    let name = match (label, name) {
        (Ok(k), _) => Some(cold.labels[k].1.to_owned()),
        (_, Ok(k)) => cold.names.get_index(k).map(|(name, _)| name.clone()),
        _ => tape.called_by(index).map(|function| function.rules().name().to_owned()),
    };
    view::Node {
        index: index - FIRST,
        name,
        op: node.op,
        operands: node.edges.iter().map(|edge| edge.operand()).collect(),
        value: node.value,
        partials: node.edges.iter().map(|&edge| node.partial(edge)).collect(),
        adjoint: tape
            .number_at(index)
            .and_then(|number| gradient.get(Var { value: node.value, node: number })),
        at: tape.line(index),
    }
}
