//! Blocks of memory: a block holds the results of one group of operations, side by side.

use super::plan::Address;
use crate::function::lanes::packet::WIDTH;

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
    (len + 2 * WIDTH - 1) / WIDTH * WIDTH
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

/// The memory of adjoints. A block may use that of another one, which is free when both are finished.
#[derive(Debug, Default)]
pub(super) struct Lent {
    memory: Reused,
    /// By block: its own memory, the block whose memory it uses, how many blocks use its memory besides itself, and
    /// whether it is finished.
    own: Vec<Option<Address>>,
    lender: Vec<Option<usize>>,
    borrowers: Vec<usize>,
    is_finished: Vec<bool>,
    lens: Vec<usize>,
}

impl Lent {
    pub fn new(blocks: usize) -> Lent {
        Lent {
            memory: Reused::default(),
            own: vec![None; blocks],
            lender: vec![None; blocks],
            borrowers: vec![0; blocks],
            is_finished: vec![false; blocks],
            lens: vec![0; blocks],
        }
    }

    /// Memory for a block of this length.
    pub fn take(&mut self, block: usize, len: usize) -> Address {
        let at = self.memory.take(len);
        (self.own[block], self.lens[block]) = (Some(at), len);
        at
    }

    /// Notes that a block uses the memory of another, or the memory that the other uses.
    pub fn lend(&mut self, from: usize, to: usize) {
        let lender = self.lender[from].unwrap_or(from);
        self.lender[to] = Some(lender);
        self.borrowers[lender] += 1;
    }

    /// The adjoints of a block are not needed any more.
    pub fn finish(&mut self, block: usize) {
        let owner = self.lender[block].unwrap_or(block);
        match owner == block {
            true => self.is_finished[block] = true,
            false => self.borrowers[owner] -= 1,
        }
        if self.is_finished[owner]
            && self.borrowers[owner] == 0
            && let Some(at) = self.own[owner].take()
        {
            self.memory.give_back(at, self.lens[owner]);
        }
    }

    pub fn end(&self) -> usize {
        self.memory.end()
    }
}
