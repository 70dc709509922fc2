//! Whether the types can become what later work needs of them: foreign traits for [`Var`](crate::Var), a
//! replay, a network, another kind of number. Sketches that compile and run, not the thing itself.

mod float;
mod later;
mod real_field;
