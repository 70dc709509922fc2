//! The tape: storage, recording, the sweep. The tapes of a thread are stored in the thread; a [`Tape`] owns one of
//! them.

mod approx;
mod caller;
mod compounds;
mod edge;
#[cfg(feature = "macros")]
mod gathered;
pub(crate) mod gradient;
mod guard;
mod jacobian;
mod listing;
mod misuse;
mod need;
mod node;
mod numbers;
mod pool;
pub(crate) mod preaccumulate;
mod recordings;
mod row;
mod rows;
mod spare;
#[cfg(feature = "macros")]
mod statement;
mod storage;
mod sweep;
mod thread;
mod var;
mod windows;

pub(crate) use compounds::{record_atomic, record_matrix};
pub(crate) use edge::{Edge, FIRST};
pub use node::Var;
pub(crate) use storage::Storage;
pub(crate) use sweep::{Seed, mark_needed, sweep};
pub(crate) use thread::{
    are_recorded, guard, is_recorded, is_recording, may_record, record, record_block, record_many,
    record_reduction, value_was_read, values_were_given_out, with,
};
pub(crate) use windows::{Segments, index_in};

use crate::number::point::Point;
use crate::table::ops::Op;
use guard::Recording;
use std::marker::PhantomData;
use std::panic::Location;
use storage::{Extent, Keep};
use thread::on_active_tape;

/// Where operations on variables are recorded.
///
/// A tape lives in the thread that made it, and its variables find it there; dropping the `Tape` ends it. Several may
/// be alive: an operation is recorded on the tape of its operands. The memory of a dropped tape is reused by the next
/// one of the thread.
///
/// ```
/// use tapegrad::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// let y = tape.var(4.0);
/// let z = x * x + x * y;
/// let g = z.backward();
/// assert_eq!((g[x], g[y]), (10.0, 3.0));
/// ```
///
/// A variable of a tape that was dropped, cleared or rewound past it is refused, in release builds too:
///
/// ```should_panic
/// # use tapegrad::Tape;
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// tape.clear();
/// let y = x * x; // panics: the variable stands on no tape
/// ```
#[derive(Debug)]
pub struct Tape {
    id: u64,
    /// Not `Send`: the storage is in this thread.
    thread: PhantomData<*const ()>,
}

/// A place on a tape to return to with [`Tape::rewind`].
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    tape: u64,
    extent: Extent,
    /// The id of the last node, by which the tape checks whether the place still exists; `None` at the very start,
    /// which always exists.
    last: Option<u64>,
}

impl Tape {
    /// An empty tape.
    #[must_use]
    #[track_caller]
    pub fn new() -> Tape {
        Tape::open(usize::MAX, Keep::Entries)
    }

    /// An empty tape that keeps partial derivatives and nothing else, which is enough for gradients: a node of one or two
    /// operands takes 24 bytes instead of 40, one of three or four 48 instead of 76 or 88. [`gradient`](crate::gradient),
    /// [`jacobian`](crate::jacobian), [`vjp`](crate::vjp) and training use such tapes, at which nobody can look.
    ///
    /// ```
    /// use tapegrad::{Gradient, Tape};
    ///
    /// // One tape and one gradient for many evaluations.
    /// let (tape, mut gradient) = (Tape::for_gradients(), Gradient::new());
    /// for x in [1.0, 2.0, 3.0] {
    ///     tape.clear();
    ///     let x = tape.var(x);
    ///     (x * x.ln()).backward_into(&mut gradient);
    ///     assert_eq!(gradient[x], 1.0 + x.value().ln());
    /// }
    /// ```
    ///
    /// Listings and [`first_non_finite`](Self::first_non_finite) need values and operations, and panic.
    #[must_use]
    #[track_caller]
    pub fn for_gradients() -> Tape {
        Tape::open(usize::MAX, Keep::Nothing)
    }

    /// An empty tape with room for `nodes` nodes before its memory has to grow.
    ///
    /// # Panics
    /// If there is no memory for them, at 40 bytes each, or if they are more than 2³¹ − 3, the limit of a tape.
    #[must_use]
    #[track_caller]
    pub fn with_capacity(nodes: usize) -> Tape {
        let tape = Tape::new();
        with(|thread| thread.tape(tape.id)?.reserve(nodes));
        tape
    }

    /// An empty tape that holds at most `nodes` nodes: recording more panics. A guard against a loop
    /// that never clears. Any tape ends at 2³¹ − 3 nodes.
    #[must_use]
    #[track_caller]
    pub fn with_limit(nodes: usize) -> Tape {
        Tape::open(nodes, Keep::Entries)
    }

    /// An empty tape whose recording is meant for replay: it also keeps the source line of every node, and every
    /// comparison of its variables, as a [`Guard`](crate::view::Guard).
    ///
    /// ```
    /// use tapegrad::Tape;
    ///
    /// let tape = Tape::recording();
    /// let x = tape.var(3.0);
    /// let y = if x > 1.0 { x.ln() } else { x };
    /// assert_eq!(tape.guards().len(), 1);
    /// assert!(tape.replayable().is_ok());
    ///
    /// let frozen = x * y.value(); // a replay would not see `y` change
    /// assert!(tape.replayable().is_err());
    /// # let _ = frozen;
    /// ```
    #[must_use]
    #[track_caller]
    pub fn recording() -> Tape {
        Tape::open(usize::MAX, Keep::Recording(Recording::new()))
    }

    #[track_caller]
    fn open(most: usize, keep: Keep) -> Tape {
        Tape { id: with(|thread| Ok(thread.open(most, keep))), thread: PhantomData }
    }

    /// Runs `f`, which never calls the user's code, on the storage.
    #[inline]
    #[track_caller]
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Storage) -> T) -> T {
        with(|thread| thread.tape(self.id).map(f))
    }

    /// A new independent variable.
    #[inline]
    #[track_caller]
    pub fn var(&self, value: f64) -> Var {
        let push = |tape: &mut Storage| if tape.id() == self.id { tape.try_push_leaf(value) } else { None };
        match on_active_tape(push) {
            None => self.var_checked(value),
            Some(node) => Var { value, node },
        }
    }

    #[inline(never)]
    #[track_caller]
    fn var_checked(&self, value: f64) -> Var {
        let line = Location::caller();
        with(|thread| {
            let tape = thread.tape(self.id)?;
            tape.check_room(1)?;
            Ok(tape.push_leaf(value, line))
        })
    }

    /// A new independent variable with a name, for listings and messages; see also
    /// [`variable`](Self::variable).
    ///
    /// # Panics
    /// If a variable of this tape has the name already.
    #[track_caller]
    pub fn named(&self, name: impl Into<String>, value: f64) -> Var {
        let name = name.into();
        if let Some(other) = self.variable(&name) {
            panic!("a variable of this tape is named `{name}` already (value {})", other.value);
        }
        let var = self.var(value);
        self.with(|storage| storage.name_last(name, value));
        var
    }

    /// The variable with this name.
    #[must_use]
    #[track_caller]
    pub fn variable(&self, name: &str) -> Option<Var> {
        self.with(|storage| storage.named(name))
    }

    /// New independent variables, in the shape of the values: an array gives an array, a slice or vector
    /// a vector; see [`Point`](crate::Point).
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let [x, y] = tape.vars([1.0, 2.0]);
    /// let weights = tape.vars(&vec![0.1; 5]);
    /// ```
    #[track_caller]
    pub fn vars<P: Point<f64>>(&self, values: P) -> P::Of<Var> {
        let line = Location::caller();
        with(|thread| {
            let tape = thread.tape(self.id)?;
            tape.check_room(values.count())?;
            let Some(first) = tape.try_push_leaves(values.count()) else {
                return Ok(values.map_numbers(&mut |value| tape.push_leaf(value, line)));
            };
            let mut next = first..;
            Ok(values.map_numbers(&mut |value| Var { value, node: next.next().expect("an id per value") }))
        })
    }

    /// How many nodes the tape holds: variables and results.
    #[must_use]
    #[track_caller]
    pub fn len(&self) -> usize {
        self.with(|storage| storage.len())
    }

    /// Whether nothing has been recorded.
    #[must_use]
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything recorded and keeps the memory. All variables of the tape become unusable.
    #[track_caller]
    pub fn clear(&self) {
        self.with(|storage| storage.rewind(Extent::EMPTY));
    }

    /// The current end of the tape, to return to with [`rewind`](Self::rewind).
    #[must_use]
    #[track_caller]
    pub fn mark(&self) -> Mark {
        let (extent, last) = self.with(|storage| {
            let extent = storage.extent();
            (extent, storage.number_at(extent.end - 1))
        });
        Mark { tape: self.id, extent, last }
    }

    /// Forgets what was recorded after `mark`. Variables from before stay usable; later ones do not.
    ///
    /// A [`recording`](Self::recording) tape keeps the reads and guards of the discarded part, since what followed
    /// from them may be used afterwards. A comparison with a discarded variable counts as a read.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let w = tape.var(0.5);
    /// let mark = tape.mark();
    /// let mut slope = 0.0;
    /// for x in [1.0, 2.0, 3.0] {
    ///     let loss = (w * x - 1.0).powi(2);
    ///     slope += loss.backward()[w];
    ///     tape.rewind(mark);
    /// }
    /// assert_eq!((slope, tape.len()), (2.0, 1));
    /// ```
    ///
    /// # Panics
    /// If the mark is of another tape, or the tape was cleared or rewound to before the mark since.
    #[track_caller]
    pub fn rewind(&self, mark: Mark) {
        let rewound = self.with(|storage| {
            let is_there = mark.tape == self.id && storage.number_at(mark.extent.end - 1) == mark.last;
            if is_there {
                storage.rewind(mark.extent);
            }
            is_there
        });
        assert!(
            rewound,
            "this mark is of another tape, or the tape was cleared or rewound to before it; take a new mark \
             after `clear()`"
        );
    }

    /// Bytes that the tape holds, in use or not.
    #[must_use]
    #[track_caller]
    pub fn memory(&self) -> usize {
        self.with(|storage| storage.bytes())
    }

    /// Returns unused memory to the system; after [`clear`](Self::clear), all of it.
    #[track_caller]
    pub fn release_memory(&self) {
        self.with(|storage| storage.shrink());
    }

    /// Bytes that this thread keeps of dropped tapes for its next ones.
    ///
    /// Up to 64 MB, or the limit set by [`keep_spare_memory`](Self::keep_spare_memory), are kept in any case; beyond
    /// that, only what one of the last 16 tapes has needed. A thread that makes no more tapes keeps its memory;
    /// [`release_spare_memory`](Self::release_spare_memory) returns it to the system at once.
    ///
    /// ```
    /// # use tapegrad::Tape;
    /// drop(Tape::with_capacity(1000));
    /// assert!(Tape::spare_memory() >= 40_000);
    /// Tape::release_spare_memory();
    /// assert_eq!(Tape::spare_memory(), 0);
    /// ```
    #[must_use]
    pub fn spare_memory() -> usize {
        thread::on_thread(|thread| thread.spare.bytes())
    }

    /// Sets how many bytes of dropped tapes this thread keeps in any case: 0 to keep only what recent tapes have
    /// needed, `usize::MAX` to keep everything. See [`spare_memory`](Self::spare_memory). It takes effect as tapes
    /// are dropped.
    pub fn keep_spare_memory(bytes: usize) {
        thread::on_thread(|thread| thread.spare.set_always(bytes));
    }

    /// Returns to the system the memory that this thread keeps of dropped tapes.
    pub fn release_spare_memory() {
        thread::on_thread(|thread| thread.spare.release());
    }

    /// Whether the variable is on this tape.
    #[must_use]
    #[track_caller]
    pub fn owns(&self, var: Var) -> bool {
        var.is_on_a_tape() && self.with(|storage| storage.find(var).is_some())
    }

    /// Runs `f` without recording what it does with variables of this tape: results are constants. On a
    /// [`recording`](Self::recording) tape they are recorded, so that a replay computes them again, and the
    /// derivative stops at them.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let x = tape.var(3.0);
    /// let scale = tape.no_grad(|| x.exp());
    /// assert_eq!((x / scale).backward()[x], 1.0 / 3f64.exp());
    /// ```
    #[track_caller]
    pub fn no_grad<T>(&self, f: impl FnOnce() -> T) -> T {
        struct Resume(u64, bool);
        impl Drop for Resume {
            fn drop(&mut self) {
                thread::on_thread(|thread| {
                    if let Ok(storage) = thread.tape(self.0) {
                        storage.pause(self.1);
                    }
                });
            }
        }
        let was_paused = self.with(|storage| {
            let was_paused = storage.cold().is_paused;
            storage.pause(true);
            was_paused
        });
        let _resume = Resume(self.id, was_paused);
        f()
    }

    /// Records an operation that the table does not have: `f` gets the values of the inputs and returns the
    /// value and one partial derivative per input. `name` shows in listings.
    ///
    /// Such a node is *opaque*: a replay or a second derivative through it is an error. A closure that captures
    /// something may pass the values on, so on a [`recording`](Self::recording) tape they count as read even if
    /// nothing needs the node.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let x = tape.var(0.5);
    /// let y = tape.custom("cube", [x], |[x]| (x * x * x, [3.0 * x * x]));
    /// assert_eq!(y.backward()[x], 0.75);
    /// ```
    ///
    /// # Panics
    /// If the number of partials is not the number of inputs (arrays exclude this), or an input is on another tape.
    #[track_caller]
    pub fn custom<P: Point<Var>>(
        &self,
        name: &'static str,
        inputs: P,
        f: impl FnOnce(P::Args<'_, f64>) -> (f64, P::Of<f64>),
    ) -> Var {
        let vars = &inputs.numbers()[..];
        if size_of_val(&f) > 0 {
            thread::values_were_given_out(vars);
        }
        let (value, partials) = f(P::args(&inputs.map_numbers(&mut |var: Var| var.value)));
        let has_shape = inputs.has_shape_of(&partials);
        let partials = &P::numbers_of(&partials)[..];
        assert!(
            vars.len() == partials.len(),
            "`{name}` has {} inputs and returned {} partial derivatives; return one per input",
            vars.len(),
            partials.len()
        );
        assert!(has_shape, "the inputs and the partial derivatives of `{name}` must have the same shape");
        if !vars.iter().any(|var| var.is_on_a_tape()) {
            return Var::constant_of(value);
        }
        let owner = with(|thread| Ok(thread.settle(vars)?.id()));
        assert!(
            owner == self.id,
            "the inputs of `{name}` stand on another tape than the one that is to record it; call `custom` \
             on the tape of its inputs"
        );
        let result = record_many(Op::Custom, value, vars, partials, &|_| true);
        if result.is_on_a_tape() {
            self.with(|storage| storage.label_last(Op::Custom, name));
        }
        result
    }

    /// Whether to keep the source line of every node recorded from now on, at 8 bytes per node. On by default in
    /// debug builds; always on for recording tapes.
    #[track_caller]
    pub fn keep_lines(&self, on: bool) {
        self.with(|storage| storage.keep_lines(on));
    }

    /// Counts gradients and other numbers that were given out as read, whatever was recorded afterwards: the results
    /// of a function that is being recorded may depend on them.
    #[track_caller]
    pub(crate) fn count_given_out(&self) {
        self.with(|storage| {
            if let Some(recording) = &mut storage.cold_mut().recording {
                recording.count_given_out();
            }
        });
    }
}

impl Default for Tape {
    fn default() -> Self {
        Tape::new()
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        // Where the thread has ended its tapes already, there is nothing left to do.
        thread::on_thread(|thread| thread.close(self.id));
    }
}
