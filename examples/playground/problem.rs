//! What is wrong with a request.

use serde_json::{Value, json};

/// A field of a request that is not right.
#[derive(Debug, PartialEq)]
pub struct Problem {
    /// The name of the field; empty for the request as a whole.
    pub field: String,
    pub message: String,
    /// The character at which a text is wrong, counted from 0.
    pub at: Option<usize>,
}

impl Problem {
    pub fn new(field: &str, message: impl Into<String>) -> Problem {
        Problem { field: field.to_owned(), message: message.into(), at: None }
    }

    /// The answer to the request.
    pub fn to_json(&self) -> Value {
        json!({ "error": { "field": self.field, "message": self.message, "at": self.at } })
    }
}
