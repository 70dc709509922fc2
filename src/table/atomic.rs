//! Atomic functions: operations with several results whose values and derivatives are computed by rules of their own, and which
//! a recording keeps as one instruction each.

use rustc_hash::FxHashMap;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Why an atomic function has no value at a point, or no derivative.
pub type Refusal = Box<dyn Error + Send + Sync>;

/// A function that tapes and recordings keep as one operation with several results, whatever it does inside.
///
/// [`call`](Self::call) evaluates it over any number. What [`Atomic::new`] makes is a [`Function`](crate::Function) that is called
/// and not copied into the recording that calls it; [`Atomic::with_rules`] gives a function derivatives of the caller's own;
/// [`Atomic::scan`] and [`Atomic::map`] repeat a step that is recorded once. All are differentiated to any order: the
/// derivative of an atomic function is an atomic function, made when it is first needed and kept.
///
/// An atomic function is one operation also where zeros meet infinities: a tangent of 0 that reaches one of its operands is a
/// number like any other, and 0 times an infinite partial inside is NaN. Only what no path reaches contributes nothing.
///
/// Clones share everything. Two atomic functions are equal if they compute the same by the same operations.
#[derive(Clone)]
pub struct Atomic(Arc<Shared>);

struct Shared {
    rules: Box<dyn Rules>,
    derivatives: Mutex<FxHashMap<(Way, Active), Atomic>>,
}

/// The direction of a derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    Forward,
    Reverse,
}

/// Between which operands and results there are derivatives to compute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Active {
    /// By operand: whether it has a tangent, or its adjoint is asked for.
    pub operands: Vec<bool>,
    /// By result: whether its tangent is asked for, or it has an adjoint.
    pub results: Vec<bool>,
}

impl Active {
    /// How many are active.
    pub fn count(are_active: &[bool]) -> usize {
        are_active.iter().filter(|is_active| **is_active).count()
    }

    /// One number for each: those of the active ones, and 0 for the others.
    pub fn spread<T: From<f64> + Copy>(are_active: &[bool], numbers: &[T]) -> Vec<T> {
        Active::spread_with(are_active, numbers, T::from(0.0))
    }

    /// One flag for each: those of the active ones, and false for the others.
    pub fn spread_flags(are_active: &[bool], flags: &[bool]) -> Vec<bool> {
        Active::spread_with(are_active, flags, false)
    }

    fn spread_with<T: Copy>(are_active: &[bool], items: &[T], other: T) -> Vec<T> {
        let mut items = items.iter();
        let item = |&is_active: &bool| match is_active {
            true => *items.next().expect("an item for each that is active"),
            false => other,
        };
        are_active.iter().map(item).collect()
    }

    /// The numbers, of one list per operand or per result, that are active.
    pub fn choose<'a, T: Copy>(are_active: &'a [bool], numbers: &'a [T]) -> impl Iterator<Item = T> + 'a {
        are_active.iter().zip(numbers).filter(|(is_active, _)| **is_active).map(|(_, &number)| number)
    }
}

/// What an atomic function computes.
pub trait Rules: fmt::Debug + Send + Sync {
    /// What kind of function it is.
    fn name(&self) -> &'static str;

    /// How many operands it has.
    fn operands(&self) -> usize;

    /// How many results it has.
    fn results(&self) -> usize;

    /// The results.
    fn values(&self, operands: &[f64]) -> Result<Vec<f64>, Refusal>;

    /// The adjoints of the active operands, given the operands, the results, and the adjoints of the active results.
    fn adjoints(&self, given: [&[f64]; 3], active: &Active) -> Result<Vec<f64>, Refusal>;

    /// Whether the derivatives as functions take the results of this one after its operands.
    fn takes_results(&self) -> bool {
        false
    }

    /// The function of the operands, perhaps the results, and the tangents of the active operands, that computes the tangents
    /// of the active results; `at`: operands at which this function has values.
    fn jvp(&self, active: &Active, at: &[f64]) -> Result<Atomic, Refusal>;

    /// The function of the operands, perhaps the results, and the adjoints of the active results, that computes the adjoints of
    /// the active operands; `this`: the function whose rules these are, `at`: operands at which it has values.
    fn vjp(&self, this: &Atomic, active: &Active, at: &[f64]) -> Result<Atomic, Refusal>;

    /// The operands that each result depends on, in ascending order; `None`: each on all.
    fn dependencies(&self) -> Option<&[Vec<u32>]>;

    /// A hash of what it computes.
    fn fingerprint(&self) -> u64;

    /// Whether the other one computes the same by the same operations.
    fn is_same(&self, other: &dyn Rules) -> bool;

    /// This, to find out of which type it is.
    fn as_any(&self) -> &dyn Any;
}

impl Atomic {
    pub(crate) fn of(rules: impl Rules + 'static) -> Atomic {
        Atomic(Arc::new(Shared { rules: Box::new(rules), derivatives: Mutex::default() }))
    }

    pub(crate) fn rules(&self) -> &dyn Rules {
        &*self.0.rules
    }

    /// How many operands it has.
    #[must_use]
    pub fn operands(&self) -> usize {
        self.rules().operands()
    }

    /// How many results it has.
    #[must_use]
    pub fn results(&self) -> usize {
        self.rules().results()
    }

    /// The derivative as a function, from those that are kept. `at`: operands at which this function has values.
    pub(crate) fn derivative(
        &self,
        way: Way,
        active: &Active,
        at: impl FnOnce() -> Vec<f64>,
    ) -> Result<Atomic, Refusal> {
        let kept = || self.0.derivatives.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (way, active.clone());
        if let Some(known) = kept().get(&key) {
            return Ok(known.clone());
        }
        // Not under the lock: making it may need other derivatives of this function.
        let derivative = match way {
            Way::Forward => self.rules().jvp(active, &at()),
            Way::Reverse => self.rules().vjp(self, active, &at()),
        }?;
        Ok(kept().entry(key).or_insert(derivative).clone())
    }

    /// The operands of a derivative: those of this function, its results if they are taken, and the tangents of the active
    /// operands or the adjoints of the active results.
    pub(crate) fn given<T: Clone>(&self, operands: &[T], results: &[T], derivatives: &[T]) -> Vec<T> {
        let results = if self.rules().takes_results() { results } else { &[] };
        [operands, results, derivatives].concat()
    }

    /// By result: whether it depends on one of these operands.
    pub(crate) fn reached_from(&self, operands: &[bool]) -> Vec<bool> {
        match self.rules().dependencies() {
            None => vec![operands.contains(&true); self.results()],
            Some(rows) => reached_from(rows, operands),
        }
    }

    /// By operand: whether one of these results depends on it.
    pub(crate) fn leading_to(&self, results: &[bool]) -> Vec<bool> {
        match self.rules().dependencies() {
            None => vec![results.contains(&true); self.operands()],
            Some(rows) => leading_to(rows, results, self.operands()),
        }
    }
}

/// By result, whose operands a row has: whether it depends on one of these operands.
pub(crate) fn reached_from(rows: &[Vec<u32>], operands: &[bool]) -> Vec<bool> {
    rows.iter().map(|row| row.iter().any(|&operand| operands[operand as usize])).collect()
}

/// By operand, of which there are `count`: whether one of these results, whose operands a row has, depends on it.
pub(crate) fn leading_to(rows: &[Vec<u32>], results: &[bool], count: usize) -> Vec<bool> {
    let mut leads = vec![false; count];
    for (row, _) in rows.iter().zip(results).filter(|(_, is_asked)| **is_asked) {
        row.iter().for_each(|&operand| leads[operand as usize] = true);
    }
    leads
}

impl PartialEq for Atomic {
    fn eq(&self, other: &Atomic) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.rules().is_same(other.rules())
    }
}

impl Eq for Atomic {}

impl Hash for Atomic {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rules().fingerprint().hash(state);
    }
}

impl fmt::Debug for Atomic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Atomic").field(&self.rules()).finish()
    }
}

/// An atomic function among the operations of a recording: its number of results, and its index among the different ones that a
/// function calls; 0 on a tape.
///
/// In 16-bit parts, which fit beside the tag of the other operations: so an operation has 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AtomicOp {
    index: u16,
    results: [u16; 2],
}

impl AtomicOp {
    /// # Panics
    /// If there are 2³² results or more.
    pub(crate) fn new(index: u16, results: usize) -> AtomicOp {
        let results = u32::try_from(results).expect("an atomic function has fewer than 2³² results");
        AtomicOp { index, results: [(results >> 16) as u16, results as u16] }
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.index)
    }

    pub(crate) fn results(self) -> usize {
        let [high, low] = self.results.map(usize::from);
        high << 16 | low
    }
}
