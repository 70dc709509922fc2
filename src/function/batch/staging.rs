//! Numbers on their way out: gathered, and copied to the caller's memory in long runs. Memory beyond the caches is
//! written fastest so, and the numbers of a block come in short pieces.

use std::mem::take;

/// So many numbers are gathered, or those of one block: they stay in the cache.
const AT_A_TIME: usize = 16 << 10;

/// What has been gathered, and where it goes.
#[derive(Debug)]
pub(super) struct Staging<'o> {
    gathered: Vec<f64>,
    len: usize,
    to: &'o mut [f64],
}

impl<'o> Staging<'o> {
    /// Nothing yet; the memory is what an earlier one left.
    pub fn new(memory: Vec<f64>, to: &'o mut [f64]) -> Staging<'o> {
        Staging { gathered: memory, len: 0, to }
    }

    /// Room for so many numbers behind those before.
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

    /// Sends what is left, and gives the memory back.
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
