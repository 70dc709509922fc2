//! The tapes of a thread: the active one, the parked others, and spare memory for the next.

use super::caller::{self, Line};
use super::edge::{CONSTANT, Edge, FIRST};
use super::guard::Guard;
use super::misuse::Misuse;
use super::node::{Var, values_of};
use super::numbers::window_of;
use super::recordings;
use super::spare::Spare;
use super::storage::{Extent, Keep, Storage};
use crate::number::predicate::Predicate;
use crate::table::number::{Lists, Read, Reduction};
use crate::table::ops::Op;
use crate::view::Operand;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;

pub(crate) struct Thread {
    /// The tape used most recently, to which most operations belong. It is `Storage::NONE` only if no tape is parked.
    pub active: Storage,
    parked: Vec<Storage>,
    /// For each window of ids, the position in `parked` of the tape that has it.
    places: FxHashMap<u64, usize>,
    pub spare: Spare,
}

thread_local! {
    /// Without a destructor, so that an access does not check its state. `try_with` is always inlined, which `with`
    /// is not; here it cannot fail.
    static THREAD: RefCell<ManuallyDrop<Thread>> = const { RefCell::new(ManuallyDrop::new(Thread::EMPTY)) };
    /// Empties `THREAD` when the thread ends; later accesses find no tapes.
    static TEARDOWN: Teardown = const { Teardown };
    /// How many recording tapes are alive in this thread: if there are none, a comparison need not look at the tapes.
    static RECORDING: Cell<usize> = const { Cell::new(0) };
}

struct Teardown;

impl Drop for Teardown {
    fn drop(&mut self) {
        drop(ManuallyDrop::into_inner(THREAD.replace(ManuallyDrop::new(Thread::EMPTY))));
    }
}

/// Runs `f`, which never calls the user's code, on this thread's tapes.
pub(super) fn on_thread<T>(f: impl FnOnce(&mut Thread) -> T) -> T {
    THREAD.with(|thread| f(&mut thread.borrow_mut()))
}

/// Whether this thread may record now: not in the middle of a sweep over one of its tapes.
pub(crate) fn may_record() -> bool {
    THREAD.with(|thread| thread.try_borrow_mut().is_ok())
}

/// As [`on_thread`], for operations that can be misused: panics at the line of the caller, after the borrow of the
/// tapes has ended.
#[track_caller]
pub(crate) fn with<T>(f: impl FnOnce(&mut Thread) -> Result<T, Misuse>) -> T {
    match on_thread(f) {
        Ok(result) => result,
        Err(misuse) => refuse(misuse),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refuse(misuse: Misuse) -> ! {
    panic!("{misuse}{}", caller::beyond(Location::caller()))
}

/// Appends the result of an operation to the tape of its operands; the result of constants is a constant. `rule`
/// returns the partials, and which operands are linked: one that is not linked has no part in the result.
#[inline(always)]
#[track_caller]
pub(crate) fn record<const ARITY: usize>(
    op: Op,
    value: f64,
    operands: [Var; ARITY],
    rule: impl Fn() -> ([f64; ARITY], [bool; ARITY]),
) -> Var {
    // With many operands, the usual case finds out without being asked.
    if ARITY <= 2 && !operands.iter().any(|operand| operand.is_on_a_tape()) {
        return Var::constant_of(value);
    }
    let (partials, are_linked) = rule();
    match try_record(op, value, operands, partials, are_linked) {
        Some(node) => Var { value, node },
        None => record_checked(op, value, operands, rule),
    }
}

/// The unusual case starts again from the operands, so that the usual case keeps nothing for it.
#[cold]
#[inline(never)]
#[track_caller]
fn record_checked<const ARITY: usize>(
    op: Op,
    value: f64,
    operands: [Var; ARITY],
    rule: impl Fn() -> ([f64; ARITY], [bool; ARITY]),
) -> Var {
    if !operands.iter().any(|operand| operand.is_on_a_tape()) {
        return Var::constant_of(value);
    }
    let (partials, are_linked) = rule();
    record_many(op, value, &operands, &partials, &|k| are_linked[k])
}

/// The id of the node in the usual case: the operands are constants or on the active tape, which has room.
#[inline(always)]
pub(super) fn try_record<const ARITY: usize>(
    op: Op,
    value: f64,
    operands: [Var; ARITY],
    partials: [f64; ARITY],
    are_linked: [bool; ARITY],
) -> Option<u64> {
    // In two steps, since a closure that did everything would not be inlined.
    let (windows, keeps_entries) = on_active_tape(|tape| Some((tape.windows(), tape.keeps_entries())))?;
    let mut edges = [Edge::NONE; ARITY];
    if ARITY <= 2 {
        for k in 0..ARITY {
            edges[k] = windows.edge(operands[k].node, partials[k], are_linked[k], operands[k].value)?;
        }
        return on_active_tape(move |tape| tape.try_push(op, value, edges));
    }
    let indices = windows.find_all(operands.map(|operand| operand.node))?;
    if !keeps_entries {
        for k in 0..ARITY {
            edges[k] = Edge::unseen(indices[k], partials[k], are_linked[k]);
        }
        return on_active_tape(move |tape| tape.try_push_rows(edges));
    }
    for k in 0..ARITY {
        edges[k] = match indices[k] {
            CONSTANT => Edge::constant(operands[k].value),
            index => Edge::new(index, partials[k], are_linked[k]),
        };
    }
    on_active_tape(move |tape| tape.try_push(op, value, edges))
}

/// Tries `push` on the active tape. In the usual case the operands are constants or on that tape, and there is room
/// for the node; the result is then that of `push`, such as the id of the node. In every unusual case it is `None`.
/// `push` never calls the user's code.
#[inline(always)]
pub(super) fn on_active_tape<T>(push: impl FnOnce(&mut Storage) -> Option<T>) -> Option<T> {
    THREAD.try_with(|thread| push(&mut thread.try_borrow_mut().ok()?.active)).ok()?
}

/// As [`record`], for a row over lists; the result of constants is a constant.
#[track_caller]
pub(crate) fn record_reduction<K: Reduction, A: Copy, B: Copy>(
    value: f64,
    lists: Lists<'_, A, B>,
    read: impl Read<A, B, Var>,
) -> Var {
    match on_active_tape(|tape| tape.try_push_reduction::<K, A, B>(value, lists, read)) {
        None => record_reduction_checked::<K, A, B>(value, lists, read),
        Some(node) => Var { value, node },
    }
}

#[inline(never)]
#[track_caller]
fn record_reduction_checked<K: Reduction, A: Copy, B: Copy>(
    value: f64,
    lists: Lists<'_, A, B>,
    read: impl Read<A, B, Var>,
) -> Var {
    let operands: Vec<Var> = lists.iter(read).collect();
    if !operands.iter().any(|operand| operand.is_on_a_tape()) {
        return Var::constant_of(value);
    }
    let partials: Vec<f64> = K::each_partial(lists, values_of(read), value).collect();
    record_many(K::OP, value, &operands, &partials, &|_| true)
}

/// As [`record`], for any number of operands and any tape of the thread.
#[inline(never)]
#[track_caller]
pub(crate) fn record_many(
    op: Op,
    value: f64,
    operands: &[Var],
    partials: &[f64],
    is_linked: &dyn Fn(usize) -> bool,
) -> Var {
    let line = Location::caller();
    with(|thread| thread.record(op, value, operands, partials, is_linked, line))
}

/// Whether a recording tape is alive in this thread.
#[inline]
pub(crate) fn is_recording() -> bool {
    RECORDING.get() > 0
}

/// Whether these variables are on a recording tape.
#[track_caller]
pub(crate) fn are_recorded(vars: &[Var]) -> bool {
    is_recording()
        && vars.iter().any(|var| var.is_on_a_tape())
        && with(|thread| Ok(thread.settle(vars)?.cold().recording.is_some()))
}

/// A block of operations as one node, given its partials and which operands reach the result; the result of constants
/// is a constant.
#[track_caller]
pub(crate) fn record_block(
    value: f64,
    operands: &[Var],
    partials: &[f64],
    is_linked: &dyn Fn(usize) -> bool,
) -> Var {
    if operands.iter().any(|operand| operand.is_on_a_tape()) {
        record_many(Op::Preaccumulated, value, operands, partials, is_linked)
    } else {
        Var::constant_of(value)
    }
}

/// Whether the variable is on a recording tape of this thread.
#[inline]
pub(crate) fn is_recorded(var: Var) -> bool {
    is_recording() && on_thread(|thread| thread.is_recorded(var))
}

/// Keeps a comparison as a guard on the recording tape of its operands, if they are on one.
#[inline]
#[track_caller]
pub(crate) fn guard(predicate: Predicate, left: Var, right: Var, outcome: bool) {
    if recordings::is_any_alive() {
        guard_slow(predicate, left, right, outcome);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn guard_slow(predicate: Predicate, left: Var, right: Var, outcome: bool) {
    let at = Location::caller();
    with(|thread| {
        if !thread.is_recorded(left) && !thread.is_recorded(right) {
            // Variables that are discarded or of another thread's tape cannot make a guard: the comparison counts as
            // a read.
            thread.note_read(left, at);
            thread.note_read(right, at);
            return Ok(());
        }
        let tape = thread.settle(&[left, right])?;
        let nodes = tape.len();
        let operand = |var: Var| match tape.find(var) {
            Some(index) if index as usize >= FIRST => Operand::Node(index as usize - FIRST),
            _ => Operand::Constant(var.value),
        };
        let (left, right) = (operand(left), operand(right));
        if let Some(recording) = &mut tape.cold_mut().recording {
            recording.guards.push(Guard { predicate, left, right, outcome, nodes, at });
        }
        Ok(())
    });
}

/// Notes on the recording tape of a variable, if it has one, that a plain number was read out of it.
#[inline]
#[track_caller]
pub(crate) fn value_was_read(var: Var) {
    if recordings::is_any_alive() {
        value_was_read_slow(var, Location::caller());
    }
}

#[cold]
#[inline(never)]
fn value_was_read_slow(var: Var, at: Line) {
    on_thread(|thread| thread.note_read(var, at));
}

/// Notes on the recording tapes of these variables that their values were given to user code.
#[inline]
#[track_caller]
pub(crate) fn values_were_given_out(vars: &[Var]) {
    if recordings::is_any_alive() {
        values_were_given_out_slow(vars, Location::caller());
    }
}

#[cold]
#[inline(never)]
fn values_were_given_out_slow(vars: &[Var], at: Line) {
    on_thread(|thread| {
        for &var in vars {
            match thread.owner(var) {
                Some(tape) => tape.give_out(at),
                None => recordings::note_read(var, at),
            }
        }
    });
}

impl Thread {
    const EMPTY: Thread = Thread {
        active: Storage::NONE,
        parked: Vec::new(),
        places: FxHashMap::with_hasher(FxBuildHasher),
        spare: Spare::EMPTY,
    };

    /// Starts a tape, in the memory of an earlier one if there is some; returns its id.
    pub fn open(&mut self, most: usize, keep: Keep) -> u64 {
        // Registers the teardown; tapes made after it are left to the system.
        let _ = TEARDOWN.try_with(|_| ());
        RECORDING.set(RECORDING.get() + usize::from(matches!(keep, Keep::Recording(_))));
        let mut tape = self.spare.take().unwrap_or_else(Storage::new);
        tape.begin(most, keep);
        let id = tape.id();
        self.park(tape);
        id
    }

    /// Makes `tape` the active one.
    fn park(&mut self, tape: Storage) {
        let before = std::mem::replace(&mut self.active, tape);
        if before.cold.is_some() {
            self.parked.push(before);
            self.note_place(self.parked.len() - 1);
        }
    }

    /// Notes the position of a parked tape.
    fn note_place(&mut self, place: usize) {
        for &window in &self.parked[place].cold().windows {
            self.places.insert(window, place);
        }
    }

    /// The position of the parked tape that has the window of this id, if there is one.
    fn place(&self, number: u64) -> Option<usize> {
        self.places.get(&window_of(number)).copied()
    }

    /// Makes a parked tape the active one.
    #[inline(never)]
    fn activate(&mut self, place: usize) {
        std::mem::swap(&mut self.active, &mut self.parked[place]);
        self.forget_place_of_active();
        self.note_place(place);
    }

    fn forget_place_of_active(&mut self) {
        for window in self.active.cold.iter().flat_map(|cold| &cold.windows) {
            self.places.remove(window);
        }
    }

    /// Ends a tape; the next one gets its memory and its unused ids.
    pub fn close(&mut self, id: u64) {
        if self.tape(id).is_err() {
            return;
        }
        let next = self.parked.pop().unwrap_or(Storage::NONE);
        let mut tape = std::mem::replace(&mut self.active, next);
        self.forget_place_of_active();
        if tape.cold_mut().recording.take().is_some() {
            RECORDING.set(RECORDING.get() - 1);
        }
        tape.cold_mut().derivatives = Vec::new();
        tape.rewind(Extent::EMPTY);
        self.spare.put(tape);
    }

    /// The tape with this id, made the active one.
    #[inline]
    pub fn tape(&mut self, id: u64) -> Result<&mut Storage, Misuse> {
        if self.active.id() != id {
            let place = self.place(id).filter(|&place| self.parked[place].id() == id);
            self.activate(place.ok_or(Misuse::ThreadEnded)?);
        }
        Ok(&mut self.active)
    }

    /// The position of the parked tape that this variable is on, if there is one.
    #[inline(never)]
    fn place_of(&self, var: Var) -> Option<usize> {
        self.place(var.node).filter(|&place| self.parked[place].find(var).is_some())
    }

    /// The tape of this thread that the variable is on.
    fn owner(&mut self, var: Var) -> Option<&mut Storage> {
        if !var.is_on_a_tape() {
            None
        } else if self.active.find(var).is_some() {
            Some(&mut self.active)
        } else {
            self.place_of(var).map(|place| &mut self.parked[place])
        }
    }

    /// The tape that all `vars` except constants are on, made the active one. It is an error if a variable is on no
    /// tape of this thread, or if two are on different tapes.
    #[inline]
    pub fn settle(&mut self, vars: &[Var]) -> Result<&mut Storage, Misuse> {
        if let Some(&first) = vars.iter().find(|var| var.is_on_a_tape()) {
            if self.active.find(first).is_none() {
                let place = self.place_of(first).ok_or(Misuse::stale(first))?;
                self.activate(place);
            }
            if let Some(&other) = vars.iter().find(|var| self.active.find(**var).is_none()) {
                return Err(match self.place_of(other) {
                    Some(place) => mixed(&self.active, first, &self.parked[place], other),
                    None => Misuse::stale(other),
                });
            }
        }
        Ok(&mut self.active)
    }

    /// Whether `var` is on a recording tape; other tapes keep no comparisons.
    fn is_recorded(&mut self, var: Var) -> bool {
        self.owner(var).is_some_and(|tape| tape.cold().recording.is_some())
    }

    /// Notes that a plain number was read out of `var`.
    fn note_read(&mut self, var: Var, at: Line) {
        match self.owner(var) {
            Some(tape) => {
                if let Some(recording) = &mut tape.cold_mut().recording {
                    recording.note_read(at);
                }
            }
            None => recordings::note_read(var, at),
        }
    }

    pub(super) fn record(
        &mut self,
        op: Op,
        value: f64,
        operands: &[Var],
        partials: &[f64],
        is_linked: &dyn Fn(usize) -> bool,
        line: Line,
    ) -> Result<Var, Misuse> {
        let tape = self.settle(operands)?;
        if !tape.cold().is_paused {
            return tape.append(op, value, operands, partials, is_linked, line);
        }
        if tape.cold().recording.is_none() {
            return Ok(Var::constant_of(value));
        }
        // A replay must compute the value again, so it is recorded, followed by a `stop_gradient`.
        tape.check_room(2)?;
        tape.pause(false);
        let cut = tape
            .append(op, value, operands, partials, is_linked, line)
            .and_then(|result| tape.append_cut(result, line));
        tape.pause(true);
        cut
    }
}

impl Storage {
    /// Appends the value of a node, as a constant of the derivative.
    pub fn append_cut(&mut self, result: Var, line: Line) -> Result<Var, Misuse> {
        self.append(Op::StopGradient, result.value, &[result], &[0.0], &|_| false, line)
    }
}

/// The error of an operation on variables of two tapes.
fn mixed(tape: &Storage, var: Var, other_tape: &Storage, other: Var) -> Misuse {
    Misuse::Mixed {
        descriptions: Box::new([describe(tape, var), describe(other_tape, other)]),
        recording: tape.cold().recording.is_some() || other_tape.cold().recording.is_some(),
    }
}

/// A variable by its name or node, value and tape.
fn describe(tape: &Storage, var: Var) -> String {
    let index = tape.find(var).unwrap_or_default();
    let name = match tape.cold().names.iter().find(|(_, named)| named.0 == index) {
        Some((name, _)) => format!("`{name}`"),
        None => format!("node #{}", index as usize - FIRST),
    };
    format!("{name} (value {}) of tape {}", var.value, tape.id())
}

impl Drop for Thread {
    fn drop(&mut self) {
        let active = std::mem::replace(&mut self.active, Storage::NONE);
        self.spare.release();
        self.parked.drain(..).chain([active]).for_each(Storage::end);
    }
}
