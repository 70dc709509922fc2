//! The recorded graph: a plain list of instructions in order of evaluation.

pub(crate) use super::instruction::{Instruction, Place};
use super::instructions::Instructions;
use crate::error::SourceLine;
use crate::number::predicate::Predicate;
use crate::table::atomic::{Atomic, AtomicOp};
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// Where an operand comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    Constant(f64),
    Input(usize),
    Result(usize),
}

impl Source {
    /// What is at an [open](Constants::open) place that is none of a constant.
    pub fn at_open(place: Place, inputs: usize) -> Source {
        match (place as usize).checked_sub(inputs) {
            None => Source::Input(place as usize),
            Some(number) => Source::Result(number),
        }
    }

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

    /// Whether a guard compares constants that have the recorded outcome, so that nothing has to be checked.
    pub fn is_settled(&self, guard: &Guard) -> bool {
        let constant = |place: Place| self.constants.get(place as usize);
        match (constant(guard.left), constant(guard.right)) {
            (Some(&left), Some(&right)) => guard.predicate.holds(left, right) == guard.outcome,
            _ => false,
        }
    }

    /// The same graph with its inputs in this order.
    pub fn with_inputs_in(&self, order: &[usize]) -> Graph {
        let mut position = vec![0; self.inputs];
        order.iter().enumerate().for_each(|(k, &input)| position[input] = k);
        let moved = |place: Place| match self.source(place) {
            Source::Input(input) => self.input(position[input]),
            _ => place,
        };
        self.clone().moved(self.first_result(), moved)
    }

    /// With results from `first` on, and each place that is used replaced by another.
    fn moved(self, first: usize, moved: impl Fn(Place) -> Place) -> Graph {
        let guard = |guard: Guard| Guard { left: moved(guard.left), right: moved(guard.right), ..guard };
        Graph {
            guards: self.guards.into_iter().map(guard).collect(),
            outputs: self.outputs.into_iter().map(&moved).collect(),
            instructions: self.instructions.moved(first, &moved),
            ..self
        }
    }

    pub fn source(&self, place: Place) -> Source {
        let place = place as usize;
        match place.checked_sub(self.constants.len()) {
            None => Source::Constant(self.constants[place]),
            Some(index) if index < self.inputs => Source::Input(index),
            Some(index) => Source::Result(index - self.inputs),
        }
    }

    /// The instructions and the guards, in order of evaluation.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let mut instructions = self.instructions.iter();
        let mut guards = self.guards.iter().peekable();
        let mut done = 0;
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
    constants: Constants,
    inputs: usize,
    /// Until the graph is finished, all places are [open](Constants::open).
    instructions: Instructions,
    guards: Vec<Guard>,
    outputs: Vec<Place>,
}

/// The different constants so far.
#[derive(Default)]
pub(crate) struct Constants {
    /// Compared by bits, so that 0 and −0 differ and NaN equals itself.
    indices: IndexMap<u64, (), FxBuildHasher>,
    /// Some of them, and their indices: most constants are operands again and again.
    recent: [Option<(u64, u32)>; 16],
}

impl Constants {
    /// One more than the largest place there can be.
    const END: Place = Place::MAX;

    /// The place of a source while it is open how many constants there will be: that of inputs and results as if there were
    /// none, and that of a constant counted from the last possible place backwards.
    fn open(&mut self, source: Source, inputs: usize) -> Place {
        match source {
            Source::Constant(value) => self.open_constant(value),
            Source::Input(index) => index as Place,
            Source::Result(index) => (inputs + index) as Place,
        }
    }

    /// The open place of a constant.
    pub fn open_constant(&mut self, value: f64) -> Place {
        Constants::END - 1 - self.index(value.to_bits())
    }

    fn index(&mut self, bits: u64) -> u32 {
        let hash = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        match self.recent[hash as usize] {
            Some((recent, index)) if recent == bits => index,
            _ => {
                let index = self.indices.insert_full(bits, ()).0 as u32;
                self.recent[hash as usize] = Some((bits, index));
                index
            }
        }
    }
}

impl Builder {
    pub fn new(inputs: usize) -> Builder {
        Builder { inputs, instructions: Instructions::new(inputs), ..Builder::default() }
    }

    /// The same, for instructions of this graph.
    pub fn calling_as(self, graph: &Graph) -> Builder {
        let instructions = Instructions::calling(self.inputs, graph.instructions.atomics().to_vec());
        Builder { instructions, ..self }
    }

    /// For a graph that begins with this number of instructions of another one, and the guards before the last of them. Its constants, up
    /// to the last that these use, stay in their order, also those of a file that nothing uses.
    pub fn after(graph: &Graph, count: usize) -> Builder {
        let guards = || graph.guards.iter().take_while(|guard| guard.after < count);
        let of_guards = guards().flat_map(|guard| [guard.left, guard.right]);
        let used = graph.instructions.operands_of(0..count).iter().copied().chain(of_guards);
        let used = used.filter(|&place| graph.is_constant(place)).max().map_or(0, |last| last as usize + 1);
        let mut constants = Constants::default();
        let of_constants: Vec<Place> = graph.constants[..used]
            .iter()
            .map(|&value| constants.open(Source::Constant(value), graph.inputs))
            .collect();
        let open = |place: Place| match of_constants.get(place as usize) {
            Some(&constant) => constant,
            None => place - graph.constants.len() as Place,
        };
        let guard =
            |guard: &Guard| Guard { left: open(guard.left), right: open(guard.right), ..guard.clone() };
        Builder {
            inputs: graph.inputs,
            instructions: graph.instructions.begun(count).moved(graph.inputs, open),
            guards: guards().map(guard).collect(),
            outputs: Vec::new(),
            constants,
        }
    }

    /// The operation that calls this function.
    ///
    /// # Panics
    /// If it is the 65,537th.
    pub fn call(&mut self, function: &Atomic) -> Op {
        let index = self.instructions.index_of_called(function);
        let index = u16::try_from(index).expect("a function calls up to 65,536 different atomic functions");
        Op::Atomic(AtomicOp::new(index, function.results()))
    }

    /// Appends an instruction, and returns its first result.
    ///
    /// # Panics
    /// If there are 2³² operands, or values, or more in total.
    pub fn instruction(&mut self, op: Op, operands: impl IntoIterator<Item = Source>) -> Source {
        let Builder { constants, inputs, instructions, .. } = self;
        let places = operands.into_iter().map(|source| constants.open(source, *inputs));
        Source::Result(instructions.push(op, places) as usize - *inputs)
    }

    /// The [open](Constants::open) place of the first result of the next instruction.
    pub fn next_result(&self) -> Place {
        self.instructions.results().end as Place
    }

    /// Appends these instructions of another graph, given what [opens](Constants::open) a place of it.
    pub fn copy(
        &mut self,
        from: &Instructions,
        range: Range<usize>,
        mut open: impl FnMut(Place, &mut Constants) -> Place,
    ) {
        let Builder { constants, instructions, .. } = self;
        instructions.copy(from, range, |place| open(place, constants));
    }

    /// Appends an instruction over these places of another graph, given what [opens](Constants::open) each. Returns the open place of
    /// its first result.
    #[inline]
    pub fn instruction_over(
        &mut self,
        op: Op,
        operands: &[Place],
        mut open: impl FnMut(Place, &mut Constants) -> Place,
    ) -> Place {
        let Builder { constants, instructions, .. } = self;
        instructions.push(op, operands.iter().map(|&place| open(place, constants)))
    }

    pub fn guard(
        &mut self,
        predicate: Predicate,
        left: Source,
        right: Source,
        outcome: bool,
        at: SourceLine,
    ) {
        let (left, right) = (self.open(left), self.open(right));
        self.guards.push(Guard { predicate, left, right, outcome, after: self.instructions.len(), at });
    }

    /// The [open](Constants::open) place of a source.
    pub fn open(&mut self, source: Source) -> Place {
        self.constants.open(source, self.inputs)
    }

    pub fn output(&mut self, source: Source) {
        let place = self.open(source);
        self.outputs.push(place);
    }

    /// # Panics
    /// If there are 2³² values or more in total.
    pub fn finish(mut self) -> Graph {
        self.instructions.shrink_to_fit();
        let constants = self.constants.indices.len();
        let places = constants + self.instructions.results().end;
        assert!(Place::try_from(places).is_ok(), "a function holds fewer than 2³² values, not {places}");
        let first_constant = Constants::END - constants as Place;
        let place = |place: Place| match place >= first_constant {
            true => Constants::END - 1 - place,
            false => place + constants as Place,
        };
        let graph = Graph {
            constants: self.constants.indices.keys().map(|&bits| f64::from_bits(bits)).collect(),
            inputs: self.inputs,
            instructions: self.instructions.with_called_in_order(),
            guards: self.guards,
            outputs: self.outputs,
        };
        graph.moved(constants + self.inputs, place)
    }
}
