//! The stored form of atomic functions.

use super::call::Call;
use super::rule::Rule;
use super::scan::{Repeated, Scan};
use crate::error::Error;
use crate::function::Function;
use crate::table::atomic::Atomic;
use serde::{Deserialize, Serialize};

/// An atomic function without what follows from it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::function) enum StoredAtomic {
    Call { function: Function },
    Rule { value: Function, jvp: Function, vjp: Function },
    Scan { step: Function, steps: usize, carry: usize, shared: usize, memory: usize },
}

impl StoredAtomic {
    /// # Errors
    /// What kind of function it is, if it cannot be stored.
    pub fn of(function: &Atomic) -> Result<StoredAtomic, &'static str> {
        let rules = function.rules().as_any();
        if let Some(Call { function, .. }) = rules.downcast_ref() {
            return Ok(StoredAtomic::Call { function: function.clone() });
        }
        if let Some(Rule { value, jvp, vjp }) = rules.downcast_ref() {
            let [value, jvp, vjp] = [&value.function, jvp, &vjp.function].map(Function::clone);
            return Ok(StoredAtomic::Rule { value, jvp, vjp });
        }
        if let Some(Repeated { step, scan: Scan { steps, carry, shared, memory }, .. }) = rules.downcast_ref() {
            let (step, [steps, carry, shared, memory]) = (step.clone(), [*steps, *carry, *shared, *memory]);
            return Ok(StoredAtomic::Scan { step, steps, carry, shared, memory });
        }
        Err(function.rules().name())
    }

    pub fn restore(self) -> Result<Atomic, Error> {
        match self {
            StoredAtomic::Call { function } => Ok(Atomic::new(function)),
            StoredAtomic::Rule { value, jvp, vjp } => Atomic::with_rules(value, jvp, vjp),
            StoredAtomic::Scan { step, steps, carry, shared, memory } => {
                Atomic::scan(step, Scan { steps, carry, shared, memory })
            }
        }
    }
}
