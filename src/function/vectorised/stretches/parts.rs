//! The graphs and schedules of the parts.

use super::part::{Part, spans};
use super::split::{Members, Split, terms_of};
use super::stretch::Stretch;
use crate::function::ir::graph::{Builder, Graph, Instruction, Place, Source};
use crate::function::schedule::{Exactness, Schedule};
use crate::function::vectorised::whole::Whole;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The parts of a function with one output.
pub(super) struct Parts {
    pub head: Part,
    pub stretches: Vec<Stretch>,
    pub tail: Part,
    /// How many results of the head the other parts read.
    pub head_results: usize,
}

/// A graph of a part, and what its inputs are in the whole graph.
struct PartGraph {
    graph: Graph,
    inputs: Vec<Place>,
}

/// Makes the graphs of parts; each visits its own operations only.
struct Maker<'g> {
    graph: &'g Graph,
    split: &'g Split,
    /// By place: what it is in the part that is being made, and the number of the last part that knew it.
    here: Vec<Source>,
    known_by: Vec<u32>,
    parts: u32,
    /// The instructions by number.
    instructions: Vec<Instruction<'g>>,
}

/// Makes the parts of a graph; `is_variable`: of its inputs.
pub(super) fn parts(graph: &Graph, split: &Split, is_variable: &[bool], exactness: Exactness) -> Parts {
    let mut maker = Maker::new(graph, split);
    let stretches: Vec<PartGraph> =
        (0..split.stretches.len()).map(|stretch| maker.stretch(stretch)).collect();
    let tail = maker.part(&split.tail, &[], &graph.outputs);
    // What the other parts need of the head.
    let is_result = |place: &Place| graph.instructions.results().contains(&(*place as usize));
    let read = stretches.iter().chain([&tail]).flat_map(|part| &part.inputs).copied();
    let mut of_head: Vec<Place> =
        read.filter(|place| is_result(place) && split.sums.binary_search(place).is_err()).collect();
    of_head.sort_unstable();
    of_head.dedup();
    let head = maker.part(&split.head, &[], &of_head);

    let memory = Numbers::new(graph, is_variable, &of_head, &split.sums);
    let mut last: Option<(Graph, Vec<bool>, Arc<Schedule>)> = None;
    let mut planned = |PartGraph { graph: own, inputs }: PartGraph| {
        let are_variable: Vec<bool> = inputs.iter().map(|&place| memory.depends[place as usize]).collect();
        let same = last.take().filter(|(other, variables, _)| *other == own && *variables == are_variable);
        let (own, are_variable, schedule) = same.unwrap_or_else(|| {
            let schedule = Arc::new(Schedule::new(&own, &are_variable, exactness));
            (own, are_variable, schedule)
        });
        let whole = Whole::of(schedule.clone(), exactness);
        let variables = || inputs.iter().copied().filter(|&place| memory.depends[place as usize]);
        let part = Part {
            whole,
            reads: spans(inputs.iter().map(|&place| memory.value(place))),
            adds: spans(variables().map(|place| memory.derivative(place))),
            variables: variables().count(),
        };
        last = Some((own, are_variable, schedule));
        part
    };
    let stretches: Vec<Part> = stretches.into_iter().map(&mut planned).collect();
    let (head, tail) = (planned(head), planned(tail));
    let variables = is_variable.iter().filter(|&&is| is).count();
    let stretches = Stretch::all(stretches, variables);
    Parts { head, stretches, tail, head_results: of_head.len() }
}

impl<'g> Maker<'g> {
    fn new(graph: &'g Graph, split: &'g Split) -> Maker<'g> {
        let here = (0..graph.places() as Place).map(|place| graph.source(place)).collect();
        let known_by = vec![0; graph.places()];
        let instructions = graph.instructions.iter().collect();
        Maker { graph, split, here, known_by, parts: 0, instructions }
    }

    /// The sums of the terms of one stretch.
    fn stretch(&mut self, number: usize) -> PartGraph {
        let sums: Vec<(Instruction<'g>, Vec<Place>)> = self
            .split
            .sums
            .iter()
            .zip(&self.split.terms)
            .filter_map(|(&sum, terms)| {
                let sum = self.graph.instructions.of(sum)?;
                let (all, factors) = terms_of(sum)?;
                let range = terms[number].clone();
                let operands = (0..factors).flat_map(|k| &sum.operands[k * all..][range.clone()]);
                Some((sum, operands.copied().collect()))
            })
            .collect();
        self.part(&self.split.stretches[number], &sums, &[])
    }

    /// The graph of a part, whose outputs are these sums and places.
    fn part(
        &mut self,
        members: &Members,
        sums: &[(Instruction<'g>, Vec<Place>)],
        outputs: &[Place],
    ) -> PartGraph {
        self.parts += 1;
        let mut inputs: Vec<Place> = Vec::new();
        let (graph, part) = (self.graph, self.parts);
        let known_by = &mut self.known_by;
        let mut read = |known_by: &mut [u32], place: Place| {
            if !graph.is_constant(place) && std::mem::replace(&mut known_by[place as usize], part) != part {
                inputs.push(place);
            }
        };
        for &number in &members.instructions {
            let instruction = self.instructions[number];
            instruction.operands.iter().for_each(|&place| read(known_by, place));
            known_by[instruction.results()].fill(part);
        }
        let compared = members.guards.iter().map(|&number| &graph.guards[number]);
        compared.flat_map(|guard| [guard.left, guard.right]).for_each(|place| read(known_by, place));
        sums.iter().flat_map(|(_, terms)| terms).chain(outputs).for_each(|&place| read(known_by, place));
        inputs.sort_unstable();

        let mut builder = Builder::new(inputs.len()).calling_as(graph);
        for (number, &place) in inputs.iter().enumerate() {
            self.here[place as usize] = Source::Input(number);
        }
        for &number in &members.instructions {
            let instruction = self.instructions[number];
            let operands = instruction.operands.iter().map(|&place| self.here[place as usize]);
            let first = builder.instruction(instruction.op, operands);
            instruction.results().enumerate().for_each(|(k, place)| self.here[place] = first.and(k));
        }
        let here = |place: Place| self.here[place as usize];
        for &number in &members.guards {
            let guard = &graph.guards[number];
            builder.guard(
                guard.predicate,
                here(guard.left),
                here(guard.right),
                guard.outcome,
                guard.at.clone(),
            );
        }
        for (sum, terms) in sums {
            let part = match terms[..] {
                [] => Source::Constant(0.0),
                _ => builder.instruction(sum.op, terms.iter().map(|&place| here(place))),
            };
            builder.output(part);
        }
        outputs.iter().for_each(|&place| builder.output(here(place)));
        PartGraph { graph: builder.finish(), inputs }
    }
}

/// Where the numbers are that parts read and add to: the inputs, the results of the head, the sums.
struct Numbers<'g> {
    graph: &'g Graph,
    /// Whether a place depends on a variable.
    depends: Vec<bool>,
    /// The number of variables before each input.
    variables: Vec<usize>,
    results: FxHashMap<Place, usize>,
}

impl<'g> Numbers<'g> {
    fn new(graph: &'g Graph, is_variable: &[bool], of_head: &[Place], sums: &[Place]) -> Numbers<'g> {
        let depends = graph.depends_on((0..graph.inputs).filter(|&input| is_variable[input]));
        let mut before = 0;
        let mut variables: Vec<usize> = Vec::new();
        for &is_variable in is_variable {
            variables.push(before);
            before += usize::from(is_variable);
        }
        variables.push(before);
        let results = of_head.iter().chain(sums).enumerate().map(|(k, &place)| (place, k)).collect();
        Numbers { graph, depends, variables, results }
    }

    /// Where the value is: among the inputs and the results after them.
    fn value(&self, place: Place) -> usize {
        match self.graph.source(place) {
            Source::Input(input) => input,
            _ => self.graph.inputs + self.results[&place],
        }
    }

    /// Where the derivative is: among the variables and the results after them.
    fn derivative(&self, place: Place) -> usize {
        match self.graph.source(place) {
            Source::Input(input) => self.variables[input],
            _ => self.variables[self.graph.inputs] + self.results[&place],
        }
    }
}
