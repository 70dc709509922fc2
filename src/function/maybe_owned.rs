//! A value that is owned, or lent by the caller: the memory of an evaluator.

#[derive(Debug)]
pub(super) enum MaybeOwned<'w, W> {
    Owned(Box<W>),
    Lent(&'w mut W),
}

impl<W> MaybeOwned<'_, W> {
    #[inline]
    pub fn get(&mut self) -> &mut W {
        match self {
            MaybeOwned::Owned(value) => value,
            MaybeOwned::Lent(value) => value,
        }
    }
}
