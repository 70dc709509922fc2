//! Bytes as a program over the public interface: several tapes, variables, operations, clears, rewinds, drops,
//! comparisons, lists, blocks, operations by hand.
//!
//! A model runs beside it: which variable stands where, and every derivative in forward mode. Misuse has to panic,
//! in words that name a cure; nothing else may; and every gradient has to agree with forward mode.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::rc::Rc;
use std::sync::Once;
use tapegrad::{
    Dual, Gradient, Mark, Tape, Var, preaccumulate, primitives,
    primitives::{Op, reductions},
};

/// Directions of the forward mode: as many variables as a tape may have.
const N: usize = 6;

/// Tapes that are alive at once.
const TAPES: usize = 4;

/// The room on a limited tape.
const LIMIT: usize = 12;

/// Steps of a program: each result feeds the next, so more would only overflow.
const STEPS: usize = 60;

/// What a program did.
#[derive(Default, Clone, Copy)]
pub struct Outcome {
    pub steps: usize,
    /// Misuse that was refused.
    pub panics: usize,
    /// Derivatives that were compared.
    pub compared: usize,
}

/// Runs the program that `data` spells.
///
/// # Panics
/// If the crate breaks a promise.
pub fn run(data: &[u8]) -> Outcome {
    silence_expected_panics();
    let mut machine = Machine { data, ..Machine::default() };
    while machine.outcome.steps < STEPS && !machine.data.is_empty() {
        machine.step();
        machine.outcome.steps += 1;
    }
    for slot in 0..machine.slots.len() {
        machine.check_gradient(slot);
    }
    machine.outcome
}

thread_local! {
    static MAY_PANIC: Cell<bool> = const { Cell::new(false) };
}

fn silence_expected_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !MAY_PANIC.get() {
                report(panic);
            }
        }));
    });
}

/// The result, or what the panic said.
fn attempt<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    MAY_PANIC.set(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    MAY_PANIC.set(false);
    result.map_err(|panic| match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().map_or(String::new(), |message| (*message).to_owned()),
    })
}

/// A tape and what should be on it.
struct Modelled {
    tape: Rc<Tape>,
    /// Unique in the program.
    id: usize,
    /// The nodes alive, each with a number that is unique in the program, and how many of them are variables.
    nodes: Vec<(usize, usize)>,
    limit: usize,
    is_recording: bool,
    marks: Vec<(Mark, Vec<(usize, usize)>)>,
}

impl Modelled {
    fn variables(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.1)
    }
}

/// A variable, and what is known of it.
#[derive(Clone, Copy)]
struct Slot {
    var: Var,
    /// The tape's id and the node's number; `None` of a constant.
    place: Option<(usize, usize)>,
    forward: Dual<f64, N>,
    /// Per direction, the sum of the sizes of all terms of the chain rule: what rounding is relative to.
    size: [f64; N],
    /// The orders of magnitude that products of partials on the way here may span; infinite after an infinity or NaN.
    /// While it is small, nothing can have overflowed or underflowed, so the derivative has to be right.
    range: f64,
}

/// No order of magnitude, but for what is not finite.
fn range_of(value: f64) -> f64 {
    if value.is_finite() { 0.0 } else { f64::INFINITY }
}

impl Slot {
    fn constant(value: f64) -> Slot {
        let forward = Dual::constant(value);
        Slot { var: Var::from(value), place: None, forward, size: [0.0; N], range: range_of(value) }
    }
}

#[derive(Default)]
struct Machine<'a> {
    data: &'a [u8],
    tapes: Vec<Modelled>,
    slots: Vec<Slot>,
    numbers: usize,
    outcome: Outcome,
}

/// Where an operation has to be recorded, by the model.
enum Place {
    Nowhere,
    On(usize),
    Misuse,
}

impl Machine<'_> {
    fn byte(&mut self) -> usize {
        match self.data.split_first() {
            Some((&byte, rest)) => {
                self.data = rest;
                usize::from(byte)
            }
            None => 0,
        }
    }

    fn number(&mut self) -> f64 {
        const SPECIAL: [f64; 8] = [0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, f64::INFINITY, f64::NAN];
        match self.byte() {
            byte @ 0..8 => SPECIAL[byte],
            byte => (byte as f64 - 131.5) / 32.0,
        }
    }

    fn unique(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    /// An earlier variable, or a new constant.
    fn operand(&mut self) -> Slot {
        let byte = self.byte();
        if self.slots.is_empty() || byte >= 240 {
            return Slot::constant(self.number());
        }
        // The latest are the likeliest to be alive.
        self.slots[self.slots.len() - 1 - byte % self.slots.len()]
    }

    fn tape(&mut self) -> Option<usize> {
        let byte = self.byte();
        (!self.tapes.is_empty()).then(|| byte % self.tapes.len())
    }

    /// The position of the tape on which the variable is alive.
    fn home(&self, slot: &Slot) -> Option<usize> {
        let (id, number) = slot.place?;
        self.tapes.iter().position(|tape| tape.id == id && tape.nodes.iter().any(|node| node.0 == number))
    }

    fn place(&self, operands: &[Slot]) -> Place {
        let mut homes = operands.iter().filter(|slot| slot.place.is_some()).map(|slot| self.home(slot));
        match homes.next() {
            None => Place::Nowhere,
            Some(Some(first)) if homes.all(|home| home == Some(first)) => Place::On(first),
            Some(_) => Place::Misuse,
        }
    }

    /// Runs what records `nodes` nodes from `operands`, and holds it against the model.
    fn perform(
        &mut self,
        operands: &[Slot],
        nodes: usize,
        forward: Option<(Dual<f64, N>, [f64; N], f64)>,
        action: impl FnOnce() -> Var,
    ) {
        let place = self.place(operands);
        let is_full = match place {
            Place::On(tape) => self.tapes[tape].nodes.len() + nodes > self.tapes[tape].limit,
            _ => false,
        };
        let result = attempt(action);
        let Some((forward, size, range)) = forward.filter(|_| !is_full && !matches!(place, Place::Misuse))
        else {
            let message = result.map(|var| var.value()).expect_err("misuse has to panic");
            assert!(message.len() > 20, "no cure is named: {message}");
            self.outcome.panics += 1;
            self.catch_up();
            return;
        };
        let var = result.expect("nothing is wrong with this");
        let mut place_of_result = None;
        if let Place::On(tape) = place {
            for _ in 0..nodes {
                let number = self.unique();
                let tape = &mut self.tapes[tape];
                tape.nodes.push((number, tape.variables()));
                place_of_result = Some((tape.id, number));
            }
            assert_eq!(self.tapes[tape].tape.len(), self.tapes[tape].nodes.len());
        }
        assert_eq!(var.is_constant(), place_of_result.is_none());
        assert_eq!(var.to_string(), forward.primal().to_string());
        self.slots.push(Slot { var, place: place_of_result, forward, size, range });
    }

    /// What was recorded before a panic stays, but no variable names it.
    fn catch_up(&mut self) {
        for tape in &mut self.tapes {
            while tape.tape.len() > tape.nodes.len() {
                self.numbers += 1;
                tape.nodes.push((self.numbers, tape.variables()));
            }
        }
    }

    /// The operation in forward mode; `None` if it panics there too.
    fn forward(op: Op, operands: &[Slot]) -> Option<(Dual<f64, N>, [f64; N], f64)> {
        let duals: Vec<_> = operands.iter().map(|slot| slot.forward).collect();
        let values: Vec<f64> = duals.iter().map(|dual| dual.primal()).collect();
        attempt(|| {
            let result = op.value(&duals).unwrap();
            let partials = op.partials(&values, result.primal()).unwrap();
            let mut size = [0.0; N];
            for (slot, partial) in operands.iter().zip(&partials) {
                for (total, through) in size.iter_mut().zip(slot.size) {
                    *total += through * partial.abs();
                }
            }
            let mut range: f64 = range_of(result.primal());
            for (slot, &partial) in operands.iter().zip(&partials) {
                let magnitude = if partial == 0.0 { 0.0 } else { partial.abs().log10().abs() };
                range = range.max(slot.range + magnitude + range_of(partial));
            }
            (result, size, range)
        })
        .ok()
    }

    fn apply(&mut self, op: Op, operands: &[Slot]) {
        let vars: Vec<Var> = operands.iter().map(|slot| slot.var).collect();
        self.perform(operands, 1, Self::forward(op, operands), || op.value(&vars).unwrap());
    }

    fn row(&mut self) -> (Op, Vec<Slot>) {
        let rows: Vec<Op> = primitives::all().map(|row| row.op).collect();
        let byte = self.byte();
        let op = rows[byte % rows.len()];
        let operands = (0..op.arity().unwrap()).map(|_| self.operand()).collect();
        (op, operands)
    }

    fn step(&mut self) {
        match self.byte() % 32 {
            0..=5 => self.variable(),
            6..=13 => {
                let (op, operands) = self.row();
                self.apply(op, &operands);
            }
            14 | 15 => self.list(),
            16 => self.open(),
            17 => {
                if let Some(tape) = self.tape() {
                    self.tapes.remove(tape);
                }
            }
            18 => {
                if let Some(tape) = self.tape() {
                    let tape = &mut self.tapes[tape];
                    tape.tape.clear();
                    tape.nodes.clear();
                    assert!(tape.tape.is_empty());
                }
            }
            19 => {
                if let Some(tape) = self.tape() {
                    let tape = &mut self.tapes[tape];
                    tape.marks.push((tape.tape.mark(), tape.nodes.clone()));
                }
            }
            20 => self.rewind(),
            21 | 22 => self.block(),
            23 => self.by_hand(),
            24 => self.compare(),
            25 => self.cut(),
            26 => self.no_grad(),
            27 => {
                let slot = self.byte();
                if !self.slots.is_empty() {
                    self.check_gradient(slot % self.slots.len());
                }
            }
            28 => self.several_outputs(),
            29 => self.look(),
            30 => self.other_thread(),
            _ => {
                let value = self.number();
                self.slots.push(Slot::constant(value));
            }
        }
    }

    fn open(&mut self) {
        if self.tapes.len() == TAPES {
            return;
        }
        let kind = self.byte() % 4;
        let tape = match kind {
            0 => Tape::recording(),
            1 => Tape::with_limit(LIMIT),
            2 => Tape::with_capacity(100),
            _ => Tape::new(),
        };
        let limit = if kind == 1 { LIMIT } else { usize::MAX };
        let id = self.unique();
        self.tapes.push(Modelled {
            tape: Rc::new(tape),
            id,
            nodes: vec![],
            limit,
            is_recording: kind == 0,
            marks: vec![],
        });
    }

    fn variable(&mut self) {
        let value = self.number();
        if self.tapes.is_empty() {
            self.open();
        }
        let Some(tape) = self.tape() else { return };
        let number = self.unique();
        let tape = &mut self.tapes[tape];
        let direction = tape.variables();
        if direction == N {
            return;
        }
        match attempt(|| tape.tape.var(value)) {
            Err(message) => {
                assert!(tape.nodes.len() == tape.limit && message.contains("full"), "{message}");
                self.outcome.panics += 1;
            }
            Ok(var) => {
                assert!(tape.nodes.len() < tape.limit);
                tape.nodes.push((number, direction + 1));
                let mut size = [0.0; N];
                size[direction] = 1.0;
                let forward = Dual::variable(value, direction);
                let place = Some((tape.id, number));
                self.slots.push(Slot { var, place, forward, size, range: range_of(value) });
            }
        }
    }

    fn list(&mut self) {
        let ops: Vec<Op> = reductions().collect();
        let byte = self.byte();
        let op = ops[byte % ops.len()];
        let [lists, single] = op.lists().unwrap();
        let length = self.byte() % 5;
        let operands: Vec<Slot> = (0..length * lists + single).map(|_| self.operand()).collect();
        self.apply(op, &operands);
    }

    /// Two rows, one after the other, as one node.
    fn block(&mut self) {
        let (a, b) = (self.operand(), self.operand());
        let rows: Vec<Op> = primitives::all().map(|row| row.op).filter(|op| op.arity() == Some(2)).collect();
        let (first, second) = (rows[self.byte() % rows.len()], rows[self.byte() % rows.len()]);
        let intermediate = Self::forward(first, &[a, b]);
        let forward = intermediate.and_then(|(forward, size, range)| {
            let intermediate = Slot { forward, size, range, ..a };
            Self::forward(second, &[intermediate, b])
        });
        let action = || {
            preaccumulate([a.var, b.var], |[a, b]| {
                let intermediate = first.value(&[a, b]).unwrap();
                second.value(&[intermediate, b]).unwrap()
            })
        };
        self.perform(&[a, b], 1, forward, action);
    }

    /// The product by an operation whose partials are given.
    fn by_hand(&mut self) {
        let (a, b) = (self.operand(), self.operand());
        let Some(tape) = self.tape() else { return };
        let is_wrong_tape = matches!(self.place(&[a, b]), Place::On(home) if home != tape);
        let forward = Self::forward(Op::Mul, &[a, b]).filter(|_| !is_wrong_tape);
        let tape = Rc::clone(&self.tapes[tape].tape);
        self.perform(&[a, b], 1, forward, || {
            tape.custom("product", [a.var, b.var], |[a, b]| (a * b, [b, a]))
        });
    }

    fn rewind(&mut self) {
        let Some(of) = self.tape() else { return };
        let Some(to) = self.tape() else { return };
        let byte = self.byte();
        if self.tapes[of].marks.is_empty() {
            return;
        }
        let (mark, nodes) = self.tapes[of].marks[byte % self.tapes[of].marks.len()].clone();
        let tape = &mut self.tapes[to];
        let is_there = of == to && tape.nodes.starts_with(&nodes);
        match attempt(|| tape.tape.rewind(mark)) {
            Ok(()) => {
                assert!(is_there, "rewound to a mark that is gone");
                tape.nodes = nodes;
                assert_eq!(tape.tape.len(), tape.nodes.len());
            }
            Err(message) => {
                assert!(!is_there, "{message}");
                self.outcome.panics += 1;
            }
        }
    }

    /// A comparison is of values; a recording tape also keeps it, and then it must know both operands.
    fn compare(&mut self) {
        let (a, b) = (self.operand(), self.operand());
        let is_recorded = |slot: &Slot| self.home(slot).is_some_and(|home| self.tapes[home].is_recording);
        let is_kept = is_recorded(&a) || is_recorded(&b);
        let is_misuse = is_kept && matches!(self.place(&[a, b]), Place::Misuse);
        let (x, y) = (a.forward.primal(), b.forward.primal());
        let kept = |machine: &Self| machine.tapes.iter().map(|tape| tape.tape.guards().len()).sum::<usize>();
        let before = kept(self);
        match attempt(|| (a.var < b.var, a.var == b.var, a.var.partial_cmp(&b.var))) {
            Ok(answers) => {
                assert!(!is_misuse);
                assert_eq!(answers, (x < y, x == y, x.partial_cmp(&y)));
                assert_eq!(kept(self) - before, if is_kept { 3 } else { 0 });
            }
            Err(message) => {
                assert!(is_misuse, "{message}");
                self.outcome.panics += 1;
            }
        }
    }

    /// `detach`: a constant, but for a recording tape.
    fn cut(&mut self) {
        let a = self.operand();
        let is_recorded = self.home(&a).is_some_and(|home| self.tapes[home].is_recording);
        if is_recorded {
            let forward = Self::forward(Op::StopGradient, &[a]);
            return self.perform(&[a], 1, forward, || a.var.detach());
        }
        match attempt(|| a.var.detach()) {
            Ok(var) => {
                assert!(var.is_constant());
                self.slots.push(Slot { range: a.range, ..Slot::constant(a.forward.primal()) });
            }
            // Where a recording tape is alive, the variable has to be alive too.
            Err(message) => {
                assert!(a.place.is_some() && self.home(&a).is_none(), "{message}");
                self.outcome.panics += 1;
            }
        }
    }

    /// An operation that a tape is told not to follow.
    fn no_grad(&mut self) {
        let Some(paused) = self.tape() else { return };
        let (op, operands) = self.row();
        let vars: Vec<Var> = operands.iter().map(|slot| slot.var).collect();
        let tape = Rc::clone(&self.tapes[paused].tape);
        let forward = Self::forward(op, &operands);
        let action = || tape.no_grad(|| op.value(&vars).unwrap());
        match self.place(&operands) {
            Place::On(home) if home == paused => {
                let cut =
                    forward.map(|(forward, _, range)| (Dual::constant(forward.primal()), [0.0; N], range));
                let nodes = if self.tapes[home].is_recording { 2 } else { 0 };
                self.perform_paused(&operands, nodes, cut, action);
            }
            _ => self.perform(&operands, 1, forward, action),
        }
    }

    fn perform_paused(
        &mut self,
        operands: &[Slot],
        nodes: usize,
        forward: Option<(Dual<f64, N>, [f64; N], f64)>,
        action: impl FnOnce() -> Var,
    ) {
        if nodes > 0 {
            return self.perform(operands, nodes, forward, action);
        }
        match (attempt(action), forward) {
            (Ok(var), Some((forward, _, range))) => {
                assert!(var.is_constant());
                self.slots.push(Slot { range, ..Slot::constant(forward.primal()) });
            }
            (Err(_), None) => self.outcome.panics += 1,
            (Ok(_), None) => panic!("misuse has to panic"),
            (Err(message), Some(_)) => panic!("nothing is wrong with this: {message}"),
        }
    }

    /// Holds the gradient of a variable against forward mode, for every variable of the program.
    fn check_gradient(&mut self, output: usize) {
        let output = self.slots[output];
        match attempt(|| output.var.backward()) {
            Err(message) => {
                assert!(output.place.is_some() && self.home(&output).is_none(), "{message}");
                self.outcome.panics += 1;
            }
            Ok(gradient) => {
                assert!(
                    output.place.is_none() || self.home(&output).is_some(),
                    "a stale output has to panic"
                );
                self.compare_gradient(&gradient, &[(output, 1.0)]);
                // Twice gives the same, and into used memory too.
                let mut again = output.var.backward();
                output.var.backward_into(&mut again);
                assert_eq!(format!("{gradient:?}"), format!("{again:?}"));
            }
        }
    }

    fn compare_gradient(&mut self, gradient: &Gradient, outputs: &[(Slot, f64)]) {
        let is_constant = outputs.iter().all(|(output, _)| output.place.is_none());
        let home = outputs.iter().find_map(|(output, _)| self.home(output));
        for slot in &self.slots {
            let by = gradient.get(slot.var);
            if slot.place.is_none() || is_constant {
                assert_eq!(by, slot.place.map(|_| 0.0));
                continue;
            }
            if self.home(slot).is_none() || self.home(slot) != home {
                assert_eq!(by, None, "a derivative by a variable that is not there");
                continue;
            }
            // Of the variables, the direction is known.
            let is_input =
                slot.size.iter().sum::<f64>() == 1.0 && slot.forward.tangents().iter().sum::<f64>() == 1.0;
            let Some(direction) = slot.size.iter().position(|&size| size == 1.0).filter(|_| is_input) else {
                continue;
            };
            let tape = &self.tapes[home.unwrap_or_default()];
            let (_, number) = slot.place.unwrap_or_default();
            let position = tape.nodes.iter().position(|node| node.0 == number).unwrap_or_default();
            let before = position.checked_sub(1).map_or(0, |before| tape.nodes[before].1);
            // A result may look like a variable; the model knows which it is.
            if before + 1 != tape.nodes[position].1 || before != direction {
                continue;
            }
            let by = match by {
                Some(by) => by,
                // Recorded after the output.
                None => {
                    assert!(outputs.iter().all(|(output, _)| output.forward.tangent(direction) == 0.0));
                    continue;
                }
            };
            if outputs.iter().all(|(output, weight)| output.range < 250.0 && weight.is_finite()) {
                let forward: f64 =
                    outputs.iter().map(|(output, weight)| output.forward.tangent(direction) * weight).sum();
                let size: f64 =
                    outputs.iter().map(|(output, weight)| output.size[direction] * weight.abs()).sum();
                if size < 1e290 {
                    let error = (by - forward).abs();
                    assert!(error <= 1e-12 * size + 1e-300, "{by} in reverse, {forward} forward");
                    self.outcome.compared += 1;
                }
            }
        }
    }

    fn several_outputs(&mut self) {
        let outputs = [(self.operand(), 1.0), (self.operand(), -2.5)];
        let Some(tape) = self.tape() else { return };
        let is_misuse = match self.place(&outputs.map(|output| output.0)) {
            Place::Misuse => true,
            Place::On(home) => home != tape,
            Place::Nowhere => false,
        };
        match attempt(|| self.tapes[tape].tape.backward(&outputs.map(|(slot, weight)| (slot.var, weight)))) {
            Ok(gradient) => {
                assert!(!is_misuse);
                self.compare_gradient(&gradient, &outputs);
            }
            Err(message) => {
                assert!(is_misuse, "{message}");
                self.outcome.panics += 1;
            }
        }
    }

    /// Looking at a tape changes nothing and never fails.
    fn look(&mut self) {
        let Some(tape) = self.tape() else { return };
        let on = self.byte().is_multiple_of(2);
        let tape = &self.tapes[tape];
        assert_eq!(tape.tape.listing().nodes.len(), tape.nodes.len());
        assert_eq!(tape.tape.statistics().nodes, tape.nodes.len());
        assert!(tape.is_recording || tape.tape.replayable().is_err());
        let _ = tape.tape.first_non_finite().map(|culprit| culprit.to_string());
        let _ = tape.tape.listing().to_string();
        tape.tape.keep_lines(on);
        for slot in &self.slots {
            let is_here = self.home(slot).is_some_and(|home| self.tapes[home].id == tape.id);
            assert_eq!(tape.tape.owns(slot.var), is_here);
        }
    }

    /// A variable of this thread is refused in another.
    fn other_thread(&mut self) {
        let slot = self.operand();
        // Threads are slow: not each time.
        if !self.byte().is_multiple_of(64) {
            return;
        }
        let result = std::thread::spawn(move || attempt(|| slot.var + 1.0).is_ok()).join();
        assert_eq!(result.ok(), Some(slot.place.is_none()));
    }
}
