//! Which operations belong to which part: the head, a stretch, or the tail.

use crate::function::ir::graph::{Graph, Instruction, Place};
use crate::table::ops::Op;
use std::ops::Range;

/// A sum of fewer terms than this is not divided.
const LONG: usize = 64;
/// Where a stretch would have fewer terms than this, runs would be short, and it is longer.
const TERMS: usize = 256;
/// How many sets of sums are tried.
const TRIES: usize = 3;
/// There is little to divide if less of the work than one part in so many is that of few units.
const LEAST: usize = 4;

/// The parts of a graph with one output.
#[derive(Debug)]
pub(super) struct Split {
    /// The results of the sums that are divided.
    pub sums: Vec<Place>,
    /// The terms of each of these sums in each stretch.
    pub terms: Vec<Vec<Range<usize>>>,
    pub head: Members,
    pub stretches: Vec<Members>,
    pub tail: Members,
}

/// The instructions and guards of a part, by their numbers, in order.
#[derive(Debug, Default, Clone)]
pub(super) struct Members {
    pub instructions: Vec<usize>,
    pub guards: Vec<usize>,
}

impl Split {
    /// Whether the derivatives by the sums do not depend on the sums: whether all that is made of them is linear in them.
    pub fn is_linear(&self, graph: &Graph) -> bool {
        let mut depends = vec![false; graph.places()];
        self.sums.iter().for_each(|&sum| depends[sum as usize] = true);
        for instruction in graph.instructions.iter() {
            let Instruction { op, operands, .. } = instruction;
            let by_sums: Vec<usize> =
                (0..operands.len()).filter(|&k| depends[operands[k] as usize]).collect();
            if by_sums.is_empty() {
                continue;
            }
            let reads = |partial: usize| {
                op.partial_reads(partial, None) || by_sums.iter().any(|&k| op.partial_reads(partial, Some(k)))
            };
            if op != Op::TERMS && by_sums.iter().any(|&k| reads(k)) {
                return false;
            }
            depends[instruction.results()].fill(true);
        }
        true
    }
}

/// Where a number is computed, or needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Head,
    /// One stretch, or two that follow each other, which both compute it.
    Stretches(u32, u32),
    Tail,
}

/// The work of a graph: all of it, that outside stretches, and for each stretch that of its own and what the next one needs, too.
#[derive(Default)]
struct Work {
    all: usize,
    outside: usize,
    within: Vec<usize>,
    between: Vec<usize>,
}

impl Work {
    /// Whether most of it is in stretches, and evenly; `may_repeat`: what two neighbours need is computed twice.
    fn is_worth_it(&self, may_repeat: bool) -> bool {
        let between: usize = self.between.iter().sum();
        let (outside, repeated) =
            if may_repeat { (self.outside, between) } else { (self.outside + between, 0) };
        let count = self.within.len();
        let is_even = (0..count).all(|k| {
            let from_before = k.checked_sub(1).map_or(0, |before| self.between[before]);
            let shared = if may_repeat { self.between[k] + from_before } else { 0 };
            (self.within[k] + shared) * count <= 4 * self.all
        });
        count > 1 && is_even && 2 * outside <= self.all && 16 * repeated <= self.all
    }
}

/// The least and the largest unit that needs a number. Units divide all long sums: the longest one has a term per unit.
type Needed = (u32, u32);
const NOWHERE: Needed = (u32::MAX, 0);

fn both(a: Needed, b: Needed) -> Needed {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The terms of a sum that may be divided, and how many factors each has.
pub(super) fn terms_of(sum: Instruction<'_>) -> Option<(usize, usize)> {
    let factors = match sum.op {
        Op::TERMS => 1,
        Op::INNER_PRODUCT => 2,
        _ => return None,
    };
    Some((sum.operands.len() / factors, factors))
}

/// Divides a graph into stretches, about `least` of them, or up to `most`, if they have many terms; `None` if it has no long
/// sum with most of the work in its terms.
pub(super) fn split(graph: &Graph, [most, least]: [usize; 2]) -> Option<Split> {
    let mut shortest = LONG.max(2 * least);
    let terms = |sum: Instruction<'_>| terms_of(sum).map(|(terms, _)| terms);
    let is_long = |sum: Instruction<'_>, shortest: usize| terms(sum) >= Some(shortest);
    let mut long: Vec<_> = graph.instructions.iter().filter(|&sum| is_long(sum, shortest)).collect();
    for _ in 0..TRIES {
        let sums = outermost(graph, &long);
        let lengths = || sums.iter().copied().filter_map(terms);
        let units = lengths().max()?;
        let count = (units / TERMS).clamp(least, most);
        let split = Divided::new(graph, sums.clone(), units, count).and_then(|divided| {
            let work = divided.work();
            let may_repeat = [true, false].into_iter().find(|&may_repeat| work.is_worth_it(may_repeat))?;
            Some(divided.split(may_repeat))
        });
        if split.is_some() {
            return split;
        }
        // The terms of a sum may be long sums, of which one has most of the terms.
        shortest = lengths().min()? + 1;
        long.retain(|&sum| is_long(sum, shortest));
    }
    None
}

/// Those of these sums, which are in order, that are part of no other one.
fn outermost<'g>(graph: &'g Graph, sums: &[Instruction<'g>]) -> Vec<Instruction<'g>> {
    if let [] | [_] = sums {
        return sums.to_vec();
    }
    let mut is_inside = vec![false; graph.places()];
    let mut left = sums.to_vec();
    let mut outermost = Vec::new();
    for instruction in graph.instructions.backwards() {
        let inside = is_inside[instruction.results()].contains(&true);
        let sum = left.pop_if(|sum| sum.result == instruction.result);
        outermost.extend(sum.filter(|_| !inside));
        if sum.is_some() || inside {
            instruction.operands.iter().for_each(|&operand| is_inside[operand as usize] = true);
        }
    }
    outermost.reverse();
    outermost
}

/// A graph whose long sums are divided.
struct Divided<'g> {
    graph: &'g Graph,
    sums: Vec<Instruction<'g>>,
    units: usize,
    /// The largest distance of units near each other.
    near: u32,
    /// By place.
    is_sum: Vec<bool>,
    needed: Vec<Needed>,
    /// By instruction: the units that need a result of it; [`NOWHERE`] for what nothing needs, and for the sums themselves.
    needed_results: Vec<Needed>,
    /// By unit: the work that it needs, alone or with few others.
    of_unit: Vec<usize>,
    /// The unit of each guard; `None`: the head.
    guards: Vec<Option<u32>>,
    /// For each unit, the number of its stretch. The tail, which counts as one more unit, is next to none of them.
    stretch_of: Vec<u32>,
    count: usize,
}

impl<'g> Divided<'g> {
    /// `None` if there is little to divide.
    fn new(graph: &'g Graph, sums: Vec<Instruction<'g>>, units: usize, count: usize) -> Option<Divided<'g>> {
        let mut is_sum = vec![false; graph.places()];
        sums.iter().for_each(|sum| is_sum[sum.result] = true);
        let near = (units / count) as u32;
        let (needed, needed_results, of_unit) = (Vec::new(), Vec::new(), Vec::new());
        let (guards, stretch_of) = (Vec::new(), Vec::new());
        let mut divided = Divided {
            graph,
            sums,
            units,
            near,
            count,
            is_sum,
            needed,
            needed_results,
            of_unit,
            guards,
            stretch_of,
        };
        divided.find_needs();
        if !graph.guards.is_empty() {
            divided.guards = divided.units_of_guards();
            divided.find_needs();
        }
        if LEAST * divided.of_unit.iter().sum::<usize>() < graph.instructions.work() {
            return None;
        }
        divided.cut();
        Some(divided)
    }

    /// The unit of each operand of a long sum.
    fn units_of(&self, sum: Instruction<'g>) -> impl Iterator<Item = (Place, u32)> + use<'g> {
        let (units, terms) = (self.units, terms_of(sum).map_or(1, |(terms, _)| terms));
        let unit = move |operand: usize| (operand % terms * units / terms) as u32;
        sum.operands.iter().enumerate().map(move |(k, &place)| (place, unit(k)))
    }

    /// Which units need each number, by outputs, long sums and guards; and how much each unit has to do, but for what many units
    /// need.
    fn find_needs(&mut self) {
        let tail = self.units as u32;
        let mut needed = vec![NOWHERE; self.graph.places()];
        let add = |needed: &mut [Needed], place: Place, units: Needed| {
            needed[place as usize] = both(needed[place as usize], units);
        };
        self.graph.outputs.iter().for_each(|&output| add(&mut needed, output, (tail, tail)));
        for (guard, unit) in self.graph.guards.iter().zip(&self.guards) {
            let units = unit.map_or((0, tail), |unit| (unit, unit));
            [guard.left, guard.right].into_iter().for_each(|place| add(&mut needed, place, units));
        }
        let mut needed_results = vec![NOWHERE; self.graph.instructions.len()];
        let mut work = vec![0; self.units];
        for (own, instruction) in needed_results.iter_mut().rev().zip(self.graph.instructions.backwards()) {
            if self.is_sum[instruction.result] {
                for (term, unit) in self.units_of(instruction) {
                    add(&mut needed, term, (unit, unit));
                    work[unit as usize] += 1;
                }
                continue;
            }
            let units = instruction.over_results(&needed, both);
            if units != NOWHERE {
                instruction.operands.iter().for_each(|&operand| add(&mut needed, operand, units));
                *own = units;
            }
            if self.is_near(units) && units.1 < tail {
                work[units.0 as usize] += instruction.work();
            }
        }
        (self.needed, self.needed_results, self.of_unit) = (needed, needed_results, work);
    }

    /// Where guards are checked: where the last number is known that they compare; `None`: in the head.
    fn units_of_guards(&self) -> Vec<Option<u32>> {
        let mut units: Vec<Option<u32>> =
            self.needed.iter().map(|&needed| self.is_near(needed).then_some(needed.1)).collect();
        let last = |units: &[Option<u32>], places: &[Place]| {
            places.iter().filter_map(|&place| units[place as usize]).max()
        };
        for (instruction, &needs) in self.graph.instructions.iter().zip(&self.needed_results) {
            if self.is_sum[instruction.result] {
                units[instruction.result] = Some(self.units as u32);
            } else if needs == NOWHERE {
                let unit = last(&units, instruction.operands);
                instruction.set(&mut units, unit);
            }
        }
        self.graph.guards.iter().map(|guard| last(&units, &[guard.left, guard.right])).collect()
    }

    /// Whether only units near each other need something.
    fn is_near(&self, (first, last): Needed) -> bool {
        first <= last && last - first <= self.near
    }

    /// Cuts the units into stretches of about equal work.
    fn cut(&mut self) {
        let most = self.of_unit.iter().sum::<usize>().div_ceil(self.count);
        let (mut stretch, mut done) = (0, 0);
        for work in &self.of_unit {
            if done >= most {
                (stretch, done) = (stretch + 1, 0);
            }
            done += work;
            self.stretch_of.push(stretch);
        }
        self.count = stretch as usize + 1;
        self.stretch_of.push(stretch + 2);
    }

    /// `may_repeat`: what two neighbours need is computed twice.
    fn split(&self, may_repeat: bool) -> Split {
        let (mut head, mut tail) = (Members::default(), Members::default());
        let mut stretches = vec![Members::default(); self.count];
        for (number, &units) in self.needed_results.iter().enumerate() {
            match self.home_of(units, may_repeat) {
                Some(Home::Stretches(first, last)) => {
                    let own = &mut stretches[first as usize..=last as usize];
                    own.iter_mut().for_each(|stretch| stretch.instructions.push(number));
                }
                Some(Home::Head) => head.instructions.push(number),
                Some(Home::Tail) => tail.instructions.push(number),
                None => {}
            }
        }
        for (number, &unit) in self.guards.iter().enumerate() {
            match unit.map(|unit| self.home((unit, unit), false)) {
                Some(Home::Stretches(stretch, _)) => stretches[stretch as usize].guards.push(number),
                Some(Home::Tail) => tail.guards.push(number),
                Some(Home::Head) | None => head.guards.push(number),
            }
        }
        Split {
            sums: self.sums.iter().map(|sum| sum.result as Place).collect(),
            terms: self.sums.iter().map(|&sum| self.terms(sum)).collect(),
            head,
            stretches,
            tail,
        }
    }

    /// Where the work is.
    fn work(&self) -> Work {
        let mut work = Work { within: vec![0; self.count], between: vec![0; self.count], ..Work::default() };
        for (instruction, &units) in self.graph.instructions.iter().zip(&self.needed_results) {
            let own = instruction.work();
            work.all += own;
            match self.home_of(units, true) {
                Some(Home::Stretches(first, last)) if first == last => work.within[first as usize] += own,
                Some(Home::Stretches(first, _)) => work.between[first as usize] += own,
                Some(Home::Head | Home::Tail) => work.outside += own,
                None => {}
            }
        }
        work
    }

    /// Where an instruction is computed that these units need; `None` for a divided sum, and what nothing needs.
    fn home_of(&self, units: Needed, may_repeat: bool) -> Option<Home> {
        (units != NOWHERE).then(|| self.home(units, may_repeat))
    }

    /// Where a number is computed that these units need.
    fn home(&self, (first, last): Needed, may_repeat: bool) -> Home {
        let (first, last) = (self.stretch_of[first as usize], self.stretch_of[last as usize]);
        match last - first {
            _ if first as usize >= self.count => Home::Tail,
            more if more <= u32::from(may_repeat) => Home::Stretches(first, last),
            _ => Home::Head,
        }
    }

    /// The terms of a sum in each stretch.
    fn terms(&self, sum: Instruction<'g>) -> Vec<Range<usize>> {
        let terms = terms_of(sum).map_or(0, |(terms, _)| terms);
        let stretch = |term: usize| self.stretch_of[term * self.units / terms];
        let mut from = 0;
        let end_of = |k: u32, from: usize| (from..terms).find(|&term| stretch(term) > k).unwrap_or(terms);
        (0..self.count as u32)
            .map(|k| {
                let range = from..end_of(k, from);
                from = range.end;
                range
            })
            .collect()
    }
}
