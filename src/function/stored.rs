//! Saving and loading with serde: a plain, versioned form, validated when it is read.

use super::Function;
use super::atomic::stored::StoredAtomic;
use super::digits::{read_all, written};
use super::ir::graph::{Graph, Guard};
use super::ir::instructions::Instructions;
use crate::error::{Error, SourceLine};
use crate::number::predicate::Predicate;
use crate::table::ops::Op;
use indexmap::IndexSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;

const VERSION: u32 = 1;

/// The stored form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    tapegrad_function: u32,
    names: Vec<String>,
    held: Vec<bool>,
    at: Vec<String>,
    constants: Vec<String>,
    /// The atomic functions that operations call by their index.
    #[serde(default)]
    atomics: Vec<StoredAtomic>,
    operations: Vec<(String, Vec<u32>)>,
    guards: Vec<StoredGuard>,
    outputs: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGuard {
    predicate: String,
    left: u32,
    right: u32,
    outcome: bool,
    after: usize,
    file: String,
    line: u32,
    column: u32,
}

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let atomic = |function| {
            StoredAtomic::of(function).map_err(|kind| {
                serde::ser::Error::custom(format!(
                    "the function calls an atomic function of the kind `{kind}`, which has code in place of operations, and \
                     cannot be stored"
                ))
            })
        };
        let atomics = self.graph.instructions.atomics().iter().map(atomic).collect::<Result<_, _>>()?;
        Stored {
            tapegrad_function: VERSION,
            names: self.names.iter().cloned().collect(),
            held: self.are_variables().map(|is_variable| !is_variable).collect(),
            at: written(&self.at),
            constants: written(&self.graph.constants),
            atomics,
            operations: self
                .graph
                .instructions
                .iter()
                .map(|instruction| (instruction.op.to_string(), instruction.operands.to_vec()))
                .collect(),
            guards: self
                .graph
                .guards
                .iter()
                .map(|guard| StoredGuard {
                    predicate: format!("{:?}", guard.predicate),
                    left: guard.left,
                    right: guard.right,
                    outcome: guard.outcome,
                    after: guard.after,
                    file: guard.at.file().to_owned(),
                    line: guard.at.line(),
                    column: guard.at.column(),
                })
                .collect(),
            outputs: self.graph.outputs.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        restore(Stored::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Builds the function, and checks everything that an evaluation relies on.
fn restore(stored: Stored) -> Result<Function, Error> {
    let broken = |why: String| Error::Stored { why };
    if stored.tapegrad_function != VERSION {
        return Err(broken(format!(
            "it has version {}, this is version {VERSION}",
            stored.tapegrad_function
        )));
    }
    let inputs = stored.names.len();
    if stored.held.len() != inputs || stored.at.len() != inputs {
        return Err(broken("names, held inputs and point differ in length".into()));
    }
    let names: IndexSet<String> = stored.names.into_iter().collect();
    if names.len() != inputs {
        return Err(broken("two inputs have one name".into()));
    }
    let numbers = |texts: &[String]| {
        read_all(texts).map_err(|text| broken(format!("`{text}` is not a number, or not one of 64 bits")))
    };
    let constants = numbers(&stored.constants)?;
    let first = constants.len() + inputs;
    let within = |place: u32, limit: usize, what: &str| {
        if (place as usize) < limit { Ok(()) } else { Err(broken(format!("{what} refers to place {place}"))) }
    };
    let atomics = stored.atomics.into_iter().map(StoredAtomic::restore).collect::<Result<Vec<_>, _>>()?;
    let mut instructions = Instructions::calling(first, atomics);
    for (index, (name, operands)) in stored.operations.into_iter().enumerate() {
        let op = Op::parse(&name)
            .or_else(|| instructions.parse_call(&name))
            .ok_or_else(|| broken(format!("`{name}` is not an operation")))?;
        if !op.integer_is_valid() {
            return Err(broken(format!("the integer of `{name}` is out of bounds")));
        }
        if !instructions.take(op, operands.len()) {
            return Err(broken(format!("`{name}` cannot take {} operands", operands.len())));
        }
        for &operand in &operands {
            within(operand, instructions.results().end, &format!("operation {index}"))?;
        }
        let end = instructions.results().end.checked_add(op.results(operands.len()));
        if end.is_none_or(|end| u32::try_from(end).is_err()) {
            return Err(broken("it has too many results".into()));
        }
        instructions.push(op, operands);
    }
    let places = instructions.results().end;
    // By the number of instructions before it, the place after the last result.
    let ends: Vec<usize> =
        [first].into_iter().chain(instructions.iter().map(|it| it.results().end)).collect();
    let mut guards: Vec<Guard> = Vec::with_capacity(stored.guards.len());
    for guard in stored.guards {
        let predicate = predicate(&guard.predicate)
            .ok_or_else(|| broken(format!("`{}` is not a predicate", guard.predicate)))?;
        let is_in_order = guards.last().is_none_or(|before| before.after <= guard.after);
        if guard.after > instructions.len() || !is_in_order {
            return Err(broken("its guards are not in order".into()));
        }
        within(guard.left, ends[guard.after], "a guard")?;
        within(guard.right, ends[guard.after], "a guard")?;
        guards.push(Guard {
            predicate,
            left: guard.left,
            right: guard.right,
            outcome: guard.outcome,
            after: guard.after,
            at: SourceLine::new(guard.file, guard.line, guard.column),
        });
    }
    for &output in &stored.outputs {
        within(output, places, "an output")?;
    }
    let graph = Graph { constants, inputs, instructions, guards, outputs: stored.outputs };
    let variables = (0..inputs).filter(|&input| !stored.held[input]).collect();
    Ok(Function { variables, ..Function::new(graph, names, numbers(&stored.at)?) })
}

fn predicate(name: &str) -> Option<Predicate> {
    let most = name.strip_prefix("WithinUlps(").and_then(|rest| rest.strip_suffix(')')?.parse().ok());
    predicates().chain(most.map(Predicate::WithinUlps)).find(|predicate| format!("{predicate:?}") == name)
}

fn predicates() -> impl Iterator<Item = Predicate> {
    use Predicate::*;
    let orderings = [None, Some(Ordering::Less), Some(Ordering::Equal), Some(Ordering::Greater)];
    [Less, LessEqual, Greater, GreaterEqual, Equal, IsNan, IsFinite, IsInfinite, IsSignNegative]
        .into_iter()
        .chain(orderings.map(Compares))
}
