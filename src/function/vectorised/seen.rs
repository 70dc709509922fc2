//! The numbers that a run reads, on both sides of those that it writes.

/// All numbers but some, which are being written.
#[derive(Clone, Copy)]
pub(super) struct Seen<'v, T> {
    before: &'v [T],
    after: &'v [T],
    /// Where `after` begins.
    from: usize,
}

impl<'v, T> Seen<'v, T> {
    /// The values at `start`, this many, to write, and the others to read.
    #[inline(always)]
    pub fn around(values: &'v mut [T], start: usize, len: usize) -> (&'v mut [T], Self) {
        let (before, rest) = values.split_at_mut(start);
        let (written, after) = rest.split_at_mut(len);
        (written, Seen { before, after, from: start + len })
    }

    /// This many values from an address on.
    #[inline(always)]
    pub fn slice(&self, at: usize, len: usize) -> &'v [T] {
        match at.checked_sub(self.from) {
            Some(at) => &self.after[at..at + len],
            None => &self.before[at..at + len],
        }
    }
}
