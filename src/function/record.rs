//! From a recording tape to a graph.

use super::ir::graph::{Builder, Graph, Source};
use super::{Function, free_name};
use crate::error::{Error, SourceLine};
use crate::table::ops::Op;
use crate::tape::{FIRST, Storage, Tape, Var, mark_needed};
use crate::view::Operand;
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

impl Tape {
    /// The recording so far as a function from `inputs` to `outputs`. The tape can still be used.
    ///
    /// ```
    /// use tapegrad::Tape;
    ///
    /// let tape = Tape::recording();
    /// let [x, y] = tape.vars([1.0, 2.0]);
    /// let z = x * y.exp();
    /// let gradient = z.backward(); // use it now,
    /// let f = tape.function(&[x, y], &[z])?; // and again elsewhere
    /// assert_eq!(f.evaluator().value(&[3.0, 0.0])?, 3.0);
    /// # let _ = gradient;
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotRecording`] if the tape was made with [`Tape::new`]; [`Error::ValueRead`] if the plain number of
    /// a variable was read; [`Error::Opaque`] if an output or a comparison depends on a node of which only the
    /// partials are known; [`Error::FreeVariable`] if one depends on a variable that is not among the inputs.
    ///
    /// # Panics
    /// If an input is not a variable made by this tape or is listed twice, or an output belongs to another tape.
    #[track_caller]
    pub fn function(&self, inputs: &[Var], outputs: &[Var]) -> Result<Function, Error> {
        for &input in inputs {
            let is_leaf = self.with(|tape| {
                tape.find(input).is_some_and(|index| index as usize >= FIRST && tape.is_leaf(index as usize))
            });
            assert!(is_leaf, "an input (value {}) is not a variable made by this tape", input.value);
        }
        let mut listed = FxHashSet::default();
        for input in inputs {
            assert!(listed.insert(input.node), "an input (value {}) is listed twice", input.value);
        }
        for &output in outputs {
            assert!(
                output.is_constant() || self.owns(output),
                "an output (value {}) stands on another tape; record it on this one",
                output.value
            );
        }
        self.with(|tape| function(tape, inputs, outputs))
    }

    /// Whether the recording can be evaluated at other points, as far as its guards hold there.
    /// [`function`](Self::function) checks the same, and also whether its outputs depend on a node of which only
    /// the partials are known.
    ///
    /// # Errors
    /// [`Error::NotRecording`] if the tape was made with [`Tape::new`]; [`Error::ValueRead`] if the plain number of
    /// a variable was read, or if something was recorded after a gradient or a listing was computed or after values
    /// were passed to a capturing closure of `custom` or `preaccumulate`; [`Error::Opaque`] if a comparison depends
    /// on a node of which only the partials are known.
    #[track_caller]
    pub fn replayable(&self) -> Result<(), Error> {
        self.with(|tape| needed(tape, &[]).map(drop))
    }
}

impl Tape {
    /// A hash of the recording: operations, operands, constants by bits, comparisons and `outputs`. Different
    /// recordings have the same hash with a probability of 2⁻⁶⁴. Computing it takes far less time than making a
    /// function.
    pub(crate) fn fingerprint(&self, outputs: &[Var]) -> u64 {
        fn put(hasher: &mut DefaultHasher, operand: Operand) {
            match operand {
                Operand::Constant(value) => (u64::MAX, value.to_bits()).hash(hasher),
                Operand::Node(index) => index.hash(hasher),
            }
        }
        self.with(|tape| {
            let mut hasher = DefaultHasher::new();
            for index in tape.indices() {
                let node = tape.node(index);
                node.op.hash(&mut hasher);
                tape.called_by(index).hash(&mut hasher);
                node.edges.iter().for_each(|edge| put(&mut hasher, edge.operand()));
            }
            for guard in tape.cold().recording.iter().flat_map(|recording| &recording.guards) {
                (guard.predicate, guard.outcome, guard.nodes, guard.at).hash(&mut hasher);
                put(&mut hasher, guard.left);
                put(&mut hasher, guard.right);
            }
            for &output in outputs {
                (output.is_constant().then(|| output.value.to_bits()), tape.find(output)).hash(&mut hasher);
            }
            hasher.finish()
        })
    }
}

/// Marks the nodes on which the outputs and the guards depend. An error if one of them cannot be evaluated again;
/// all other nodes are ignored.
fn needed(tape: &Storage, outputs: &[Var]) -> Result<Vec<bool>, Error> {
    let recording = tape.cold().recording.as_ref().ok_or(Error::NotRecording)?;
    if let Some(at) = recording.value_read() {
        return Err(Error::ValueRead { at: at.into() });
    }
    let mut needed = vec![false; tape.rows().len()];
    for &output in outputs {
        needed[index_of(tape, output)] = true;
    }
    for guard in &recording.guards {
        for operand in [guard.left, guard.right] {
            if let Operand::Node(index) = operand {
                needed[index + FIRST] = true;
            }
        }
    }
    let step = |index: usize| {
        let node = tape.node(index);
        let results = node.results(index);
        let operands = node.edges.into_iter().filter_map(|edge| match edge.operand() {
            Operand::Node(operand) => Some(operand + FIRST),
            Operand::Constant(_) => None,
        });
        (results, operands)
    };
    mark_needed(&mut needed, tape.indices().rev().map(step));
    match tape.indices().find(|&index| needed[index] && tape.op(index).is_opaque()) {
        Some(index) => {
            let at = tape.line(index).map(SourceLine::from).expect("a recording tape keeps lines");
            Err(Error::Opaque { node: index - FIRST, at })
        }
        None => {
            // Checked last, so that an opaque node that is needed is reported as such.
            let has_constants = outputs.iter().any(|output| output.is_constant());
            match recording.given_out(tape.len(), has_constants) {
                Some(at) => Err(Error::ValueRead { at: at.into() }),
                None => Ok(needed),
            }
        }
    }
}

/// The index of a variable; for a constant, an index before the first node.
fn index_of(tape: &Storage, var: Var) -> usize {
    tape.find(var).map_or(0, |index| index as usize)
}

fn function(tape: &Storage, inputs: &[Var], outputs: &[Var]) -> Result<Function, Error> {
    let needed = needed(tape, outputs)?;
    let recording = tape.cold().recording.as_ref().ok_or(Error::NotRecording)?;
    let index_of = |var: Var| index_of(tape, var);
    let mut builder = Builder::new(inputs.len());
    let mut sources = vec![None; tape.rows().len()];
    for (k, &input) in inputs.iter().enumerate() {
        sources[index_of(input)] = Some(Source::Input(k));
    }
    let source = |sources: &[Option<Source>], operand: Operand| match operand {
        Operand::Constant(value) => Source::Constant(value),
        Operand::Node(index) => sources[index + FIRST].expect("an operand stands before its use"),
    };
    let mut guards = recording.guards.iter().peekable();
    for index in FIRST..=tape.indices().end {
        while let Some(guard) = guards.next_if(|guard| guard.nodes + FIRST <= index) {
            let (left, right) = (source(&sources, guard.left), source(&sources, guard.right));
            builder.guard(guard.predicate, left, right, guard.outcome, guard.at.into());
        }
        if index == tape.indices().end {
            break;
        }
        let node = tape.node(index);
        let results = node.results(index);
        if node.op == Op::Entry || sources[index].is_some() || !needed[results.clone()].contains(&true) {
            continue;
        }
        if node.op == Op::Input {
            let at = tape.line(index).map(SourceLine::from);
            return Err(Error::FreeVariable { node: index - FIRST, at });
        }
        let op = match tape.called_by(index) {
            Some(function) => builder.call(function),
            None => node.op,
        };
        let operands = node.edges.iter().map(|edge| source(&sources, edge.operand()));
        let first = builder.instruction(op, operands);
        results.enumerate().for_each(|(k, index)| sources[index] = Some(first.and(k)));
    }
    for &output in outputs {
        builder.output(if output.is_constant() {
            Source::Constant(output.value)
        } else {
            sources[index_of(output)].expect("a needed node")
        });
    }
    let mut given: FxHashMap<usize, &String> = FxHashMap::default();
    for (name, &(index, _)) in &tape.cold().names {
        given.entry(index as usize).or_insert(name);
    }
    let taken: FxHashSet<&str> =
        inputs.iter().filter_map(|&input| given.get(&index_of(input)).map(|name| name.as_str())).collect();
    let name = |(k, &input): (usize, &Var)| match given.get(&index_of(input)) {
        Some(&name) => name.clone(),
        None => free_name(format!("x{k}"), |name| taken.contains(name)),
    };
    let names = inputs.iter().enumerate().map(name).collect();
    let graph: Graph = builder.finish();
    Ok(Function::new(graph, names, inputs.iter().map(|input| input.value).collect()))
}
