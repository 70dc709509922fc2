//! Statements: arithmetic expressions as types, so that each is evaluated, differentiated and recorded as a whole. What
//! `#[fused]` writes calls this.

pub mod expression;
pub mod lift;
pub mod rows;
