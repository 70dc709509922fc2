//! Looking at a tape: the graph as text, counts per operation, and where numbers went wrong.

use crate::table::ops::Op;
use crate::tape::gradient::Gradient;
use crate::tape::{Edge, FIRST, Node, Operand, Pool, Storage, Tape};
use indexmap::IndexMap;
use std::fmt;
use std::panic::Location;

/// One node of a tape, for people and for drawings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The index, as the operands of later rows name it.
    pub index: usize,
    /// The name of a variable, or of a custom operation.
    pub name: Option<String>,
    /// What was computed.
    pub op: Op,
    /// From what.
    pub operands: Vec<Operand>,
    /// The result.
    pub value: f64,
    /// The derivative of the output by this node; none without a gradient, or recorded after the output.
    pub adjoint: Option<f64>,
    /// The line that recorded it, where lines are kept.
    pub at: Option<&'static Location<'static>>,
}

/// The graph of a tape: a [`Row`] per node, in order of evaluation; `Display` is a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// One per node.
    pub rows: Vec<Row>,
}

impl Tape {
    /// The graph with every value. On a [`recording`](Tape::recording) tape it counts as read, like a gradient, if
    /// something is recorded afterwards.
    #[must_use]
    #[track_caller]
    pub fn listing(&self) -> Listing {
        self.listing_with(&Gradient::new())
    }

    /// The graph with every value and adjoint; of the gradient of another tape, no adjoint.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let x = tape.named("x", 3.0);
    /// let z = x * x + 1.0;
    /// println!("{}", tape.listing_with(&z.backward()));
    /// ```
    /// ```text
    ///   #  node        value  adjoint
    ///   0  x               3        6
    ///   1  mul(#0, #0)     9        1
    ///   2  add(#1, 1)     10        1
    /// ```
    #[must_use]
    #[track_caller]
    pub fn listing_with(&self, gradient: &Gradient) -> Listing {
        let at = Location::caller();
        self.with(|tape| {
            tape.give_out(at);
            Listing { rows: (FIRST..tape.nodes().len()).map(|index| row(tape, index, gradient)).collect() }
        })
    }

    /// How often each operation was recorded, and what it takes.
    #[must_use]
    #[track_caller]
    pub fn statistics(&self) -> Statistics {
        self.with(|tape| {
            let mut counts = IndexMap::new();
            for node in &tape.nodes()[FIRST..] {
                *counts.entry(node.op.name()).or_insert(0) += 1;
            }
            counts.sort_by(|_, a, _, b| b.cmp(a));
            Statistics {
                nodes: tape.len(),
                bytes: tape.len() * size_of::<Node>() + tape.pool.len() * Pool::EDGE_BYTES,
                counts,
            }
        })
    }

    /// The first node whose value, or else partial derivative, is not finite: where to look when a
    /// gradient is NaN. A variable that came in so counts too.
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
        self.with(|tape| {
            tape.give_out(at);
            (FIRST..tape.nodes().len()).find_map(|index| {
                let node = &tape.nodes()[index];
                let bad = |edge: &Edge| edge.is_linked() && !edge.slot.is_finite();
                let partial = node.edges(&tape.pool).enumerate().find(|(_, edge)| bad(edge));
                let what = match partial {
                    _ if !node.value.is_finite() => What::Value,
                    Some((operand, edge)) => What::Partial { operand, partial: edge.slot },
                    None => return None,
                };
                let names =
                    tape.cold().names.iter().map(|(name, index)| (*index as usize - FIRST, name.clone()));
                Some(NonFinite { row: row(tape, index, &Gradient::new()), what, names: names.collect() })
            })
        })
    }
}

fn row(tape: &Storage, index: usize, gradient: &Gradient) -> Row {
    let node = &tape.nodes()[index];
    let cold = tape.cold();
    // Names and labels are in the order of their nodes.
    let label = cold.labels.binary_search_by_key(&(index as u32), |label| label.0);
    let name = cold.names.binary_search_by(|_, named| named.cmp(&(index as u32)));
    let name = match (label, name) {
        (Ok(k), _) => Some(cold.labels[k].1.to_owned()),
        (_, Ok(k)) => cold.names.get_index(k).map(|(name, _)| name.clone()),
        _ => None,
    };
    Row {
        index: index - FIRST,
        name,
        op: node.op,
        operands: node.edges(&tape.pool).map(Edge::operand).collect(),
        value: node.value,
        adjoint: tape.var_at(index).and_then(|var| gradient.get(var)),
        at: tape.line(index),
    }
}

impl Row {
    /// `x` of a variable, `mul(#0, 2)` of an operation.
    fn describe(&self, name_of: impl Fn(usize) -> Option<String>) -> String {
        if self.op == Op::Input {
            return self.name.clone().unwrap_or_else(|| self.op.to_string());
        }
        let operands: Vec<_> = self.operands.iter().map(|operand| name_operand(*operand, &name_of)).collect();
        let name = self.name.clone().unwrap_or_else(|| self.op.to_string());
        format!("{name}({})", operands.join(", "))
    }
}

fn name_operand(operand: Operand, name_of: impl Fn(usize) -> Option<String>) -> String {
    match operand {
        Operand::Node(index) => name_of(index).unwrap_or_else(|| operand.to_string()),
        Operand::Constant(_) => operand.to_string(),
    }
}

impl fmt::Display for Listing {
    /// A precision, as in `{:.4}`, applies to every number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: f64| match f.precision() {
            Some(digits) => format!("{value:.digits$}"),
            None => value.to_string(),
        };
        let name_of =
            |index: usize| self.rows[index].name.clone().filter(|_| self.rows[index].op == Op::Input);
        let has_adjoints = self.rows.iter().any(|row| row.adjoint.is_some());
        let mut table = vec![["#".to_owned(), "node".to_owned(), "value".to_owned(), "adjoint".to_owned()]];
        table.extend(self.rows.iter().map(|row| {
            let adjoint = row.adjoint.map_or(String::new(), number);
            [row.index.to_string(), row.describe(name_of), number(row.value), adjoint]
        }));
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        for (k, [index, node, value, adjoint]) in table.iter().enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            write!(f, "{index:>w$}  {node:<n$}  {value:>v$}", w = widths[0], n = widths[1], v = widths[2])?;
            if has_adjoints && !adjoint.is_empty() {
                write!(f, "  {adjoint:>a$}", a = widths[3])?;
            }
        }
        Ok(())
    }
}

/// What a tape holds; `Display` is a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// Nodes, variables included.
    pub nodes: usize,
    /// Bytes in use by nodes and operand lists; adjoints take 8 more a node during a sweep.
    pub bytes: usize,
    /// Nodes per operation, the most frequent first.
    pub counts: IndexMap<&'static str, usize>,
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} nodes, {} bytes", self.nodes, self.bytes)?;
        for (name, count) in &self.counts {
            write!(f, "\n{count:>10}  {name}")?;
        }
        Ok(())
    }
}

/// The first node of a tape with a number that is not finite; `Display` says what it is and where.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NonFinite {
    /// The node.
    pub row: Row,
    /// Whether its value or a partial is at fault.
    pub what: What,
    names: IndexMap<usize, String>,
}

/// Which number of a node is not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// The value.
    Value,
    /// The derivative by one operand; the value is finite.
    Partial {
        /// Which operand, counted from 0.
        operand: usize,
        /// The derivative.
        partial: f64,
    },
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name_of = |index: usize| self.names.get(&index).cloned();
        let Row { index, value, operands, .. } = &self.row;
        let node = self.row.describe(name_of);
        match self.what {
            What::Value => write!(f, "the value of #{index} {node} is {value}")?,
            What::Partial { operand, partial } => {
                let by = name_operand(operands[operand], name_of);
                write!(f, "the partial derivative of #{index} {node} by {by} is {partial}")?;
            }
        }
        match self.row.at {
            Some(at) => write!(f, ", recorded at {at}"),
            None => f.write_str("; `Tape::keep_lines(true)` tells the line"),
        }
    }
}
