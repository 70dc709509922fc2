//! Blocks of memory: a block holds the results of one group of operations, side by side.

use super::{Address, GROUP};

/// The blocks of the values, in order. Each has room behind it, so that whole groups can be read and written.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    /// Where each block begins, and its length.
    blocks: Vec<(Address, usize)>,
    end: usize,
}

impl Blocks {
    /// The address of a new block.
    pub fn append(&mut self, len: usize) -> Address {
        let at = address(self.end);
        self.blocks.push((at, len));
        self.end += room(len);
        at
    }

    /// The memory that the blocks take.
    pub fn end(&self) -> usize {
        self.end
    }

    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Where a block begins, and its length.
    pub fn get(&self, block: usize) -> (Address, usize) {
        self.blocks[block]
    }

    /// The block that an address is in.
    pub fn of(&self, at: Address) -> usize {
        self.blocks.partition_point(|&(start, _)| start <= at) - 1
    }
}

/// How many numbers are set aside for a block of this length.
fn room(len: usize) -> usize {
    (len + 2 * GROUP - 1) / GROUP * GROUP
}

fn address(at: usize) -> Address {
    Address::try_from(at).expect("fewer than 2³² numbers")
}

/// Memory that is used again once a block is not needed any more.
#[derive(Debug, Default)]
pub(super) struct Reused {
    /// The blocks that are free, by their room: the last freed comes first, since it is in the cache.
    free: rustc_hash::FxHashMap<usize, Vec<Address>>,
    end: usize,
}

impl Reused {
    pub fn take(&mut self, len: usize) -> Address {
        let room = room(len);
        match self.free.get_mut(&room).and_then(Vec::pop) {
            Some(at) => at,
            None => {
                let at = address(self.end);
                self.end += room;
                at
            }
        }
    }

    pub fn give_back(&mut self, at: Address, len: usize) {
        self.free.entry(room(len)).or_default().push(at);
    }

    pub fn end(&self) -> usize {
        self.end
    }
}
