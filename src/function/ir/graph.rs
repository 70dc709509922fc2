//! The recorded graph: a plain list of instructions in order of evaluation.

use super::instructions::Instructions;
pub(crate) use super::instructions::{Instruction, Place};
use crate::error::SourceLine;
use crate::number::predicate::Predicate;
use crate::table::atomic::{Atomic, AtomicOp};
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::hash::{Hash, Hasher};

/// Where an operand comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    Constant(f64),
    Input(usize),
    Result(usize),
}

impl Source {
    /// The result of the same instruction that is this many results after this one, its first.
    pub fn and(self, more: usize) -> Source {
        match self {
            Source::Result(first) => Source::Result(first + more),
            single => single,
        }
    }
}

/// A recorded comparison: the graph is valid only where it has the recorded outcome.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guard {
    pub predicate: Predicate,
    pub left: Place,
    pub right: Place,
    pub outcome: bool,
    /// Checked after this many instructions.
    pub after: usize,
    pub at: SourceLine,
}

/// One step of an evaluation.
pub(crate) enum Step<'g> {
    Check(&'g Guard),
    Evaluate(Instruction<'g>),
}

/// Instructions are in order of evaluation: an operand always comes before the instruction that uses it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub constants: Vec<f64>,
    pub inputs: usize,
    pub instructions: Instructions,
    pub guards: Vec<Guard>,
    pub outputs: Vec<Place>,
}

impl PartialEq for Graph {
    fn eq(&self, other: &Graph) -> bool {
        let Graph { constants, inputs, instructions, guards, outputs } = self;
        are_same(constants, &other.constants)
            && (*inputs, instructions, guards, outputs)
                == (other.inputs, &other.instructions, &other.guards, &other.outputs)
    }
}

impl Hash for Graph {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Graph { constants, inputs, instructions, guards, outputs } = self;
        constants.iter().for_each(|constant| constant.to_bits().hash(state));
        (inputs, instructions, outputs).hash(state);
        for Guard { predicate, left, right, outcome, after, .. } in guards {
            (predicate, left, right, outcome, after).hash(state);
        }
    }
}

/// Whether two lists have the same bits. All NaNs count as the same: their sign and payload depend on the
/// processor, and are not saved.
pub(crate) fn are_same(a: &[f64], b: &[f64]) -> bool {
    let is_same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    a.len() == b.len() && a.iter().zip(b).all(is_same)
}

impl Graph {
    /// The place of the first result.
    pub fn first_result(&self) -> usize {
        self.instructions.results().start
    }

    /// How many values an evaluation holds.
    pub fn places(&self) -> usize {
        self.instructions.results().end
    }

    /// The place of an input.
    pub fn input(&self, index: usize) -> Place {
        (self.constants.len() + index) as Place
    }

    pub fn is_constant(&self, place: Place) -> bool {
        (place as usize) < self.constants.len()
    }

    /// Whether a guard compares constants alone, so that nothing has to be checked.
    pub fn is_settled(&self, guard: &Guard) -> bool {
        self.is_constant(guard.left) && self.is_constant(guard.right)
    }

    /// The same graph with its inputs in this order.
    pub fn with_inputs_in(&self, order: &[usize]) -> Graph {
        let mut position = vec![0; self.inputs];
        order.iter().enumerate().for_each(|(k, &input)| position[input] = k);
        let moved = |place: Place| match self.source(place) {
            Source::Input(input) => self.input(position[input]),
            _ => place,
        };
        let mut graph = self.clone();
        graph.instructions.operands_mut().for_each(|place| *place = moved(*place));
        for guard in &mut graph.guards {
            (guard.left, guard.right) = (moved(guard.left), moved(guard.right));
        }
        graph.outputs.iter_mut().for_each(|place| *place = moved(*place));
        graph
    }

    pub fn source(&self, place: Place) -> Source {
        let place = place as usize;
        match place.checked_sub(self.constants.len()) {
            None => Source::Constant(self.constants[place]),
            Some(index) if index < self.inputs => Source::Input(index),
            Some(index) => Source::Result(index - self.inputs),
        }
    }

    /// The instructions from this one on, and the guards that are not checked before, in order of evaluation.
    pub fn steps(&self, from: usize) -> impl Iterator<Item = Step<'_>> {
        let mut instructions = self.instructions.range(from..self.instructions.len());
        let mut guards = self.guards.iter().skip_while(move |guard| guard.after < from).peekable();
        let mut done = from;
        std::iter::from_fn(move || match guards.next_if(|guard| guard.after <= done) {
            Some(guard) => Some(Step::Check(guard)),
            None => {
                done += 1;
                instructions.next().map(Step::Evaluate)
            }
        })
    }
}

impl Graph {
    /// The first difference from another recording of the same code, compared by bits; `None` if there is no
    /// difference.
    pub fn difference(&self, other: &Graph) -> Option<String> {
        let mut constants = self.constants.iter().zip(&other.constants);
        if let Some((a, b)) = constants.find(|(a, b)| a.to_bits() != b.to_bits()) {
            return Some(format!("a constant was first {a}, and then {b}"));
        }
        let mut guards = self.guards.iter().zip(&other.guards);
        if let Some((guard, _)) = guards.find(|(a, b)| a != b) {
            return Some(format!("it took another branch at {}, or differs before it", guard.at));
        }
        let is_same = self.constants.len() == other.constants.len()
            && self.instructions == other.instructions
            && self.guards.len() == other.guards.len()
            && self.outputs == other.outputs;
        (!is_same).then(|| "its operations differ".to_owned())
    }
}

/// Builds a graph, instruction by instruction.
#[derive(Default)]
pub(crate) struct Builder {
    /// Compared by bits, so that 0 and −0 differ and NaN equals itself.
    constants: IndexMap<u64, (), FxBuildHasher>,
    /// Some of them, and their indices: most constants are operands again and again.
    recent: [Option<(u64, u32)>; 16],
    inputs: usize,
    /// How many instructions of another graph come before.
    begun: usize,
    /// Operations, and where their operands end.
    instructions: Vec<(Op, u32)>,
    operands: Vec<Slot>,
    /// How many results there are.
    results: usize,
    /// The different atomic functions that are called.
    atomics: Vec<Atomic>,
    guards: Vec<(Predicate, Slot, Slot, bool, usize, SourceLine)>,
    outputs: Vec<Slot>,
}

/// A [`Source`] with the index of a constant instead of its value.
#[derive(Clone, Copy)]
enum Slot {
    Constant(u32),
    Input(u32),
    Result(u32),
}

impl Builder {
    pub fn new(inputs: usize) -> Builder {
        Builder { inputs, ..Builder::default() }
    }

    /// The same, for instructions of this graph.
    pub fn calling_as(self, graph: &Graph) -> Builder {
        Builder { atomics: graph.instructions.atomics().to_vec(), ..self }
    }

    /// For a graph that begins with this number of instructions of another one, and the guards before the last of them. They are
    /// copied by [`finish_after`](Self::finish_after).
    pub fn after(graph: &Graph, count: usize) -> Builder {
        let mut builder = Builder::new(graph.inputs).calling_as(graph);
        let operands = graph.instructions.operands_of(0..count);
        builder.instructions.reserve(graph.instructions.len() - count);
        builder.operands.reserve(graph.instructions.operands().len() - operands.len());
        let mut copied = 0;
        for step in graph.steps(0) {
            match step {
                Step::Check(guard) if guard.after < count => {
                    let [left, right] =
                        [guard.left, guard.right].map(|place| builder.slot(graph.source(place)));
                    let Guard { predicate, outcome, after, ref at, .. } = *guard;
                    builder.guards.push((predicate, left, right, outcome, after, at.clone()));
                }
                Step::Evaluate(instruction) if copied < count => {
                    // Of the operands, the constants get their numbers.
                    for &place in instruction.operands {
                        if let Some(constant) = graph.constants.get(place as usize) {
                            builder.constant(constant.to_bits());
                        }
                    }
                    copied += 1;
                }
                _ => break,
            }
        }
        builder.results = graph.instructions.results_of(0..count).len();
        builder.begun = count;
        builder
    }

    /// The operation that calls this function.
    ///
    /// # Panics
    /// If it is the 65,537th.
    pub fn call(&mut self, function: &Atomic) -> Op {
        let known = self.atomics.iter().position(|known| known == function);
        let index = known.unwrap_or(self.atomics.len());
        if known.is_none() {
            self.atomics.push(function.clone());
        }
        let index = u16::try_from(index).expect("a function calls up to 65,536 different atomic functions");
        Op::Atomic(AtomicOp::new(index, function.results()))
    }

    fn constant(&mut self, bits: u64) -> u32 {
        let hash = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        match self.recent[hash as usize] {
            Some((recent, index)) if recent == bits => index,
            _ => {
                let index = self.constants.insert_full(bits, ()).0 as u32;
                self.recent[hash as usize] = Some((bits, index));
                index
            }
        }
    }

    fn slot(&mut self, source: Source) -> Slot {
        match source {
            Source::Constant(value) => Slot::Constant(self.constant(value.to_bits())),
            Source::Input(index) => Slot::Input(index as u32),
            Source::Result(index) => Slot::Result(index as u32),
        }
    }

    /// Appends an instruction, and returns its first result.
    ///
    /// # Panics
    /// If there are 2³² operands or more in total.
    pub fn instruction(&mut self, op: Op, operands: impl IntoIterator<Item = Source>) -> Source {
        let start = self.operands.len();
        for operand in operands {
            let slot = self.slot(operand);
            self.operands.push(slot);
        }
        let first = self.results;
        self.results += op.results(self.operands.len() - start);
        let end = u32::try_from(self.operands.len()).expect("fewer than 2³² operands");
        self.instructions.push((op, end));
        Source::Result(first)
    }

    pub fn guard(
        &mut self,
        predicate: Predicate,
        left: Source,
        right: Source,
        outcome: bool,
        at: SourceLine,
    ) {
        let (left, right) = (self.slot(left), self.slot(right));
        self.guards.push((predicate, left, right, outcome, self.begun + self.instructions.len(), at));
    }

    pub fn output(&mut self, source: Source) {
        let slot = self.slot(source);
        self.outputs.push(slot);
    }

    /// # Panics
    /// If there are 2³² values or more in total.
    pub fn finish(self) -> Graph {
        self.finish_after(&Graph::default())
    }

    /// With the first instructions of the graph that this builder was made for by [`after`](Self::after).
    ///
    /// # Panics
    /// If there are 2³² values or more in total.
    pub fn finish_after(self, begun: &Graph) -> Graph {
        let count = self.begun;
        let places = self.constants.len() + self.inputs + self.results;
        assert!(Place::try_from(places).is_ok(), "a function holds fewer than 2³² values, not {places}");
        let constants = self.constants.len() as u32;
        let inputs = self.inputs as u32;
        let place = |slot: Slot| match slot {
            Slot::Constant(index) => index,
            Slot::Input(index) => constants + index,
            Slot::Result(index) => constants + inputs + index,
        };
        let before = begun.instructions.operands_of(0..count);
        let mut operands: Vec<Place> = Vec::with_capacity(before.len() + self.operands.len());
        let is_same = begun.constants.len() == self.constants.len()
            && self
                .constants
                .keys()
                .zip(&begun.constants)
                .all(|(bits, constant)| *bits == constant.to_bits());
        match is_same {
            true => operands.extend_from_slice(before),
            false => operands.extend(before.iter().map(|&old| match begun.source(old) {
                Source::Constant(value) => {
                    self.constants.get_index_of(&value.to_bits()).expect("a constant of this graph") as u32
                }
                Source::Input(index) => constants + index as u32,
                Source::Result(index) => constants + inputs + index as u32,
            })),
        }
        operands.extend(self.operands.iter().copied().map(place));
        u32::try_from(operands.len()).expect("fewer than 2³² operands");
        let end = before.len() as u32;
        let ends = || {
            let of_before = begun.instructions.ends().take(count);
            of_before.chain(self.instructions.iter().map(|&(op, own)| (op, end + own)))
        };
        // Numbered by their first calls.
        let mut called: IndexMap<usize, (), FxBuildHasher> = IndexMap::default();
        if !self.atomics.is_empty() {
            for (op, _) in ends() {
                if let Op::Atomic(op) = op {
                    called.insert(op.index(), ());
                }
            }
        }
        let atomics = called.keys().map(|&index| self.atomics[index].clone()).collect();
        let ops = ends().map(|(op, end)| match op {
            Op::Atomic(op) => {
                let index = called.get_index_of(&op.index()).expect("a called function") as u16;
                (Op::Atomic(AtomicOp::new(index, op.results())), end)
            }
            _ => (op, end),
        });
        let first = (constants + inputs) as usize;
        let instructions =
            Instructions::listed(first, count + self.instructions.len(), ops, operands, atomics);
        Graph {
            constants: self.constants.keys().map(|&bits| f64::from_bits(bits)).collect(),
            inputs: self.inputs,
            instructions,
            guards: self
                .guards
                .into_iter()
                .map(|(predicate, left, right, outcome, after, at)| Guard {
                    predicate,
                    left: place(left),
                    right: place(right),
                    outcome,
                    after,
                    at,
                })
                .collect(),
            outputs: self.outputs.into_iter().map(place).collect(),
        }
    }
}
