//! What a recorded closure may return.

use super::node::Var;

/// What a recorded closure may return: a variable, an array or a vector of them.
pub trait Outputs: sealed::Sealed {
    /// The variables.
    #[doc(hidden)]
    fn as_slice(&self) -> &[Var];
}

mod sealed {
    use super::Var;
    pub trait Sealed {}
    impl Sealed for Var {}
    impl<const N: usize> Sealed for [Var; N] {}
    impl Sealed for Vec<Var> {}
}

impl Outputs for Var {
    fn as_slice(&self) -> &[Var] {
        std::slice::from_ref(self)
    }
}

impl<const N: usize> Outputs for [Var; N] {
    fn as_slice(&self) -> &[Var] {
        self
    }
}

impl Outputs for Vec<Var> {
    fn as_slice(&self) -> &[Var] {
        self
    }
}
