//! The stored form of atomic functions.

use super::call::Call;
use super::reverse::Reverse;
use super::rule::Rule;
use super::scan::{Repeated, Scan};
use crate::error::Error;
use crate::function::Function;
use crate::function::digits::{read_all, written};
use crate::function::evaluate::refused;
use crate::table::atomic::{Active, Atomic};
use serde::{Deserialize, Serialize};

/// An atomic function without what follows from it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum StoredAtomic {
    Call {
        function: Box<Function>,
    },
    Rule {
        value: Box<Function>,
        jvp: Box<Function>,
        vjp: Box<Function>,
    },
    Scan {
        step: Box<Function>,
        steps: usize,
        carry: usize,
        shared: usize,
        memory: usize,
        #[serde(default)]
        condition: Option<Box<Function>>,
    },
    Adjoint {
        of: Box<StoredAtomic>,
        operands: Vec<bool>,
        results: Vec<bool>,
        at: Vec<String>,
    },
}

impl StoredAtomic {
    /// # Errors
    /// What kind of function it is, if it cannot be stored.
    pub fn of(function: &Atomic) -> Result<StoredAtomic, &'static str> {
        let rules = function.rules().as_any();
        if let Some(call) = rules.downcast_ref::<Call>() {
            return Ok(StoredAtomic::Call { function: Box::new(call.function().clone()) });
        }
        if let Some(Rule { value, jvp, vjp }) = rules.downcast_ref() {
            let [value, jvp, vjp] = [value.function(), jvp, vjp.function()].map(|it| Box::new(it.clone()));
            return Ok(StoredAtomic::Rule { value, jvp, vjp });
        }
        if let Some(Repeated { step, scan, condition, .. }) = rules.downcast_ref() {
            let (step, condition, Scan { steps, carry, shared, memory }) =
                (Box::new(step.function.clone()), condition.clone().map(Box::new), *scan);
            return Ok(StoredAtomic::Scan { step, steps, carry, shared, memory, condition });
        }
        if let Some(Reverse { of, active: Active { operands, results }, at, .. }) = rules.downcast_ref() {
            let (operands, results, at) = (operands.clone(), results.clone(), written(at));
            return Ok(StoredAtomic::Adjoint { of: Box::new(StoredAtomic::of(of)?), operands, results, at });
        }
        Err(function.rules().name())
    }

    pub fn restore(self) -> Result<Atomic, Error> {
        match self {
            StoredAtomic::Call { function } => Ok(Atomic::new(*function)),
            StoredAtomic::Rule { value, jvp, vjp } => Atomic::with_rules(*value, *jvp, *vjp),
            StoredAtomic::Scan { step, steps, carry, shared, memory, condition } => {
                let scan = Scan { steps, carry, shared, memory };
                Ok(Atomic::of(Repeated::new(*step, scan, condition.map(|it| *it))?))
            }
            StoredAtomic::Adjoint { of, operands, results, at } => {
                let of = of.restore()?;
                let broken = |why: String| Error::Stored { why };
                let at = read_all(&at).map_err(|text| broken(format!("`{text}` is not a number")))?;
                let counts = [operands.len(), results.len(), at.len()];
                if counts != [of.operands(), of.results(), of.operands()] || of.rules().takes_results() {
                    return Err(broken("the adjoint of an atomic function does not fit the function".into()));
                }
                let reverse = Reverse::new(of, Active { operands, results }, &at).map_err(refused)?;
                Ok(Atomic::of(reverse))
            }
        }
    }
}
