//! What a sweep reads of a tape.

use super::edge::{Edge, FIRST};
use super::pool::Pool;
use super::row::Row;
use crate::table::compound::Compound;
use std::ops::Range;

/// The rows of a tape, in order, and the operands of lists.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// By index.
    pub rows: &'a [Row],
    pub pool: &'a Pool,
    /// The operations with several results, by rising index.
    pub compounds: &'a [CompoundRow],
}

/// An operation with several results, which has as many nodes as results. The list of the last one has the operands, with their
/// values in place of partials, of which there would be one per result; then the values of the results, as constants.
/// The other results have none.
#[derive(Clone)]
pub(crate) struct CompoundRow {
    /// The index of the last result.
    pub last: u32,
    pub operands: u32,
    pub op: Compound,
}

impl<'a> Rows<'a> {
    /// How many rows there are, with those before the first node.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.len() - FIRST - self.rows.iter().filter(|row| row.is_continued()).count()
    }

    /// The edges of the node at this index; where it has fewer than two, and no list, edges to constants instead of the
    /// others.
    pub fn edges(self, index: usize) -> impl Iterator<Item = Edge> + use<'a> {
        let list = self.rows[index].list();
        let rows = if list.is_some() {
            0
        } else {
            1 + self.rows[..=index].iter().rev().take_while(|row| row.is_continued()).count()
        };
        let here = self.rows[index + 1 - rows..=index].iter().rev().flat_map(Row::edges);
        self.pool.edges(list.unwrap_or(0..0)).chain(here)
    }

    /// Whether all slots of the node at this index are surely finite: not where their sum overflows.
    pub fn has_finite_partials(&self, index: usize) -> bool {
        if let Some(list) = self.rows[index].list() {
            // In several sums, so that one instruction adds two slots.
            let (fours, others) = self.pool.slots[list].as_chunks::<4>();
            let mut sums = [0.0; 4];
            for four in fours {
                sums = std::array::from_fn(|k| sums[k] + four[k]);
            }
            return sums.iter().chain(others).sum::<f64>().is_finite();
        }
        let mut rows = self.rows[..=index].iter().rev();
        while let Some(row) = rows.next().filter(|row| row.has_finite_slots()) {
            if !row.is_continued() {
                return true;
            }
        }
        false
    }

    /// The number of operands of a node that are in a list.
    fn listed(self, index: usize) -> usize {
        self.rows[index].list().map_or(0, |list| list.len())
    }

    /// The operation with several results of which the node at this index is a result, if it is one, or else a later one.
    fn compound_from(&self, index: usize) -> Option<&'a CompoundRow> {
        self.compounds.get(self.compounds.partition_point(|compound| (compound.last as usize) < index))
    }

    /// The operation with several results of which the node at this index is the last result.
    pub fn compound(&self, index: usize) -> &'a CompoundRow {
        self.compound_from(index).expect("an operation with several results")
    }

    /// The indices of the results of an operation with several results.
    pub fn results(&self, compound: &CompoundRow) -> Range<usize> {
        let last = compound.last as usize;
        last + 1 - (self.listed(last) - compound.operands as usize)..last + 1
    }

    /// The rows up to the one that has the operands of the node at `index`: for a result of an operation with several results,
    /// that of the last result.
    pub fn through(self, index: usize) -> Rows<'a> {
        let results = self.compound_from(index).map(|compound| self.results(compound));
        let last = match results {
            Some(results) if results.contains(&index) => results.end - 1,
            _ => index,
        };
        let compounds = self.compounds.partition_point(|compound| compound.last as usize <= last);
        Rows { rows: &self.rows[..=last], pool: self.pool, compounds: &self.compounds[..compounds] }
    }
}
