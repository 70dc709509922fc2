//! The networks of all visitors: so many at once, each found by a number that cannot be guessed.

use super::network::Learning;
use super::problem::Problem;
use super::settings::{Settings, speed};
use serde_json::Value;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// When there are more, the oldest one is stopped.
const MOST: usize = 16;

/// The networks that learn, or have learned; the oldest first.
#[derive(Default)]
pub struct Sessions {
    running: Mutex<VecDeque<(String, Arc<Learning>)>>,
}

impl Sessions {
    /// Starts a network; returns what it is found by.
    pub fn start(&self, request: &Value) -> Result<String, Problem> {
        let settings = Settings::read(request)?;
        let speed = speed(request)?;
        // The keys of a `RandomState` come from the system's random numbers.
        let key = format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() == MOST {
            running.pop_front();
        }
        running.push_back((key.clone(), Arc::new(Learning::start(settings, speed))));
        Ok(key)
    }

    /// The network with this key.
    pub fn find(&self, key: &str) -> Option<Arc<Learning>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().find(|(found, _)| found == key).map(|(_, learning)| Arc::clone(learning))
    }
}
