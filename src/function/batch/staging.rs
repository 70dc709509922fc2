//! A buffer for results: they are gathered and copied to the caller's memory in long pieces, since memory beyond
//! the caches is slow in short ones, and the results of a block come in short pieces.

use std::mem::take;

/// How many numbers are gathered before they are copied (more if one block has more): they stay in the cache.
const AT_A_TIME: usize = 16 << 10;

/// The results gathered so far, and the rest of the caller's slice.
#[derive(Debug)]
pub(super) struct Staging<'o> {
    gathered: Vec<f64>,
    len: usize,
    to: &'o mut [f64],
}

impl<'o> Staging<'o> {
    /// An empty buffer that reuses the memory of an earlier one.
    pub fn new(memory: Vec<f64>, to: &'o mut [f64]) -> Staging<'o> {
        Staging { gathered: memory, len: 0, to }
    }

    /// Room for this many further numbers.
    #[inline(always)]
    pub fn room_for(&mut self, numbers: usize) -> &mut [f64] {
        if self.len + numbers > AT_A_TIME {
            self.send();
        }
        let start = self.len;
        self.len += numbers;
        if self.gathered.len() < self.len {
            self.gathered.resize(self.len, 0.0);
        }
        &mut self.gathered[start..self.len]
    }

    /// Copies the remaining numbers, and returns the memory.
    pub fn finish(mut self) -> Vec<f64> {
        self.send();
        self.gathered
    }

    fn send(&mut self) {
        let (now, later) = take(&mut self.to).split_at_mut(self.len);
        now.copy_from_slice(&self.gathered[..self.len]);
        (self.to, self.len) = (later, 0);
    }
}
