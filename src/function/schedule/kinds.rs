//! Which operations may be put side by side: those that are equal but for their operands.

use crate::function::ir::graph::{Graph, Instruction};
use crate::table::ops::Op;
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::ops::Range;

/// Operations with the same number of operands, of which the same are constants. (Of operations that are evaluated one by one
/// that does not matter, and the list is empty.)
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub op: Op,
    pub are_constant: Vec<bool>,
    /// All kinds with this operation and this number of operands.
    family: usize,
}

/// Operation, number of operands, and for each of the first 64 a bit: whether it is a constant.
type Outline = (Op, usize, u64);

/// The kind of every instruction of a graph.
pub(super) struct Kinds {
    pub kinds: Vec<Kind>,
    /// By the number of an instruction.
    of: Vec<u32>,
    families: usize,
}

/// Instructions sorted by their kind.
pub(super) struct Sorted {
    pub numbers: Vec<u32>,
    /// Kinds, and where their instructions are among the numbers.
    pub kinds: Vec<(usize, Range<usize>)>,
}

/// Memory for sorting: all 0 in between.
pub(super) struct Counts {
    of_kind: Vec<u32>,
    of_family: Vec<u32>,
}

impl Kinds {
    pub fn new(graph: &Graph) -> Kinds {
        let mut families: FxHashMap<(Op, usize), usize> = FxHashMap::default();
        // The kinds with an outline: they differ in further operands.
        let mut known: FxHashMap<Outline, SmallVec<[u32; 1]>> = FxHashMap::default();
        let mut kinds: Vec<Kind> = Vec::new();
        // Some of those without further operands: most instructions are of few kinds.
        let mut recent: [Option<(Outline, u32)>; 32] = [None; 32];
        let kind_of = |instruction: Instruction<'_>| {
            let Instruction { op, operands, .. } = instruction;
            let all = if op.is_compound() { &[] } else { operands };
            let are_constant = || all.iter().map(|&place| graph.is_constant(place));
            let first =
                are_constant().take(64).fold(0, |bits, is_constant| bits << 1 | u64::from(is_constant));
            let outline: Outline = (op, operands.len(), first);
            let mut hasher = FxHasher::default();
            (discriminant(&op), operands.len(), first).hash(&mut hasher);
            let recent = &mut recent[hasher.finish() as usize % 32];
            match recent {
                Some((known, kind)) if *known == outline && all.len() <= 64 => return *kind,
                _ => {}
            }
            let is_kind = |kind: &&u32| {
                all.len() <= 64 || are_constant().eq(kinds[**kind as usize].are_constant.iter().copied())
            };
            if let Some(&kind) = known.get(&outline).and_then(|alike| alike.iter().find(is_kind)) {
                *recent = Some((outline, kind));
                return kind;
            }
            let next = families.len();
            let family = *families.entry((op, operands.len())).or_insert(next);
            let kind = kinds.len() as u32;
            kinds.push(Kind { op, are_constant: are_constant().collect(), family });
            known.entry(outline).or_default().push(kind);
            kind
        };
        let of = graph.instructions.iter().map(kind_of).collect();
        Kinds { families: families.len(), kinds, of }
    }

    pub fn counts(&self) -> Counts {
        Counts { of_kind: vec![0; self.kinds.len()], of_family: vec![0; self.families] }
    }

    pub fn are_related(&self, a: usize, b: usize) -> bool {
        self.kinds[a].family == self.kinds[b].family
    }

    /// These instructions family by family, and kind by kind: what occurs first comes first. Those of one kind stay in order.
    pub fn sorted(&self, numbers: &[u32], counts: &mut Counts) -> Sorted {
        let mut present: Vec<usize> = Vec::new();
        for &number in numbers {
            let kind = self.of[number as usize] as usize;
            if counts.of_kind[kind] == 0 {
                present.push(kind);
                let kinds = &mut counts.of_family[self.kinds[kind].family];
                *kinds = if *kinds == 0 { present.len() as u32 } else { *kinds };
            }
            counts.of_kind[kind] += 1;
        }
        // For a family, its number in the order of occurrence.
        present.sort_by_key(|&kind| counts.of_family[self.kinds[kind].family]);
        let mut end = 0;
        let mut kinds = Vec::with_capacity(present.len());
        for &kind in &present {
            let start = end;
            // From now on, where the next one goes.
            end += std::mem::replace(&mut counts.of_kind[kind], start as u32) as usize;
            kinds.push((kind, start..end));
        }
        let mut sorted = vec![0; numbers.len()];
        for &number in numbers {
            let next = &mut counts.of_kind[self.of[number as usize] as usize];
            sorted[*next as usize] = number;
            *next += 1;
        }
        for kind in present {
            counts.of_kind[kind] = 0;
            counts.of_family[self.kinds[kind].family] = 0;
        }
        Sorted { numbers: sorted, kinds }
    }
}
