//! Counts of what a recording contains.

use crate::table::ops::Op;
use std::collections::HashMap;
use std::fmt;

/// What a tape holds; `Display` is a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TapeStatistics {
    /// Nodes, variables included.
    pub nodes: usize,
    /// Bytes in use by nodes and operand lists; adjoints take 8 more per node during a sweep.
    pub bytes: usize,
    /// Nodes by operation, the most frequent first.
    pub counts: Vec<(&'static str, usize)>,
}

/// What a function consists of; `Display` is a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FunctionStatistics {
    /// Inputs, held ones included.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Operations.
    pub operations: usize,
    /// Distinct constants.
    pub constants: usize,
    /// Comparisons that are made again at each evaluation.
    pub guards: usize,
    /// Operations by name, the most frequent first.
    pub counts: Vec<(&'static str, usize)>,
}

/// How often each operation occurs, the most frequent first; equally frequent operations in the order in which they
/// first occur.
pub(crate) fn count_by_name(ops: impl Iterator<Item = Op>) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    let mut places = HashMap::new();
    for op in ops {
        let place = *places.entry(op.name()).or_insert_with(|| {
            counts.push((op.name(), 0));
            counts.len() - 1
        });
        counts[place].1 += 1;
    }
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    counts
}

impl fmt::Display for TapeStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} nodes, {} bytes", self.nodes, self.bytes)?;
        write_counts(f, &self.counts)
    }
}

impl fmt::Display for FunctionStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FunctionStatistics { inputs, outputs, operations, constants, guards, counts } = self;
        write!(
            f,
            "{inputs} inputs, {outputs} outputs, {operations} operations, {constants} constants, {guards} guards"
        )?;
        write_counts(f, counts)
    }
}

fn write_counts(f: &mut fmt::Formatter<'_>, counts: &[(&'static str, usize)]) -> fmt::Result {
    counts.iter().try_for_each(|(name, count)| write!(f, "\n{count:>10}  {name}"))
}
