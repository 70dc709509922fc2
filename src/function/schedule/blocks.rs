//! Blocks of memory: a block holds the results of one group of operations, side by side.

use super::plan::Address;
use crate::function::lanes::packet::WIDTH;
use std::ops::Range;

/// The blocks of the values, in order. Each has room behind it, so that whole groups can be read and written, and a halo: the
/// slots just before and just after it, which may hold constants.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    /// For each packet of the memory, the number of the block that it belongs to; the packet before a block, which holds its halo, belongs
    /// to it, too.
    of_packets: Vec<u32>,
}

/// Where a block begins, its length, and whether its halo holds constants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub at: Address,
    pub len: usize,
    pub has_halo: bool,
}

impl Blocks {
    /// The address of a new block.
    pub fn append(&mut self, len: usize) -> Address {
        let block = Block { at: address(self.end() + WIDTH), len, has_halo: false };
        let packets = self.of_packets.len() + 1 + block.room() / WIDTH;
        self.of_packets.resize(packets, self.blocks.len() as u32);
        self.blocks.push(block);
        block.at
    }

    /// The memory that the blocks take.
    pub fn end(&self) -> usize {
        self.of_packets.len() * WIDTH
    }

    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    pub fn get(&self, block: usize) -> Block {
        self.blocks[block]
    }

    /// The block that an address is in, or in whose halo.
    pub fn of(&self, at: Address) -> usize {
        self.of_packets[at as usize / WIDTH] as usize
    }

    /// Notes that the halo of a block holds a constant.
    pub fn set_halo(&mut self, block: usize) {
        self.blocks[block].has_halo = true;
    }
}

impl Block {
    /// The addresses of these that are in the block, and not in its halo.
    pub fn without_halo(&self, addresses: Range<usize>) -> Range<usize> {
        let at = self.at as usize;
        addresses.start.max(at)..addresses.end.min(at + self.len)
    }

    /// How many numbers are set aside for it.
    fn room(&self) -> usize {
        (self.len + 2 * WIDTH - 1) / WIDTH * WIDTH + self.before()
    }

    /// How many of them are before its first number.
    fn before(&self) -> usize {
        if self.has_halo { WIDTH } else { 0 }
    }
}

fn address(at: usize) -> Address {
    Address::try_from(at).expect("fewer than 2³² numbers")
}

/// Memory that is used again once a block is not needed any more.
#[derive(Debug, Default)]
pub(super) struct Reused {
    /// The places that are free, by their length: the last freed comes first, since it is in the cache.
    free: rustc_hash::FxHashMap<usize, Vec<usize>>,
    end: usize,
}

impl Reused {
    /// Where the first number of a block is to be.
    pub fn take(&mut self, block: Block) -> Address {
        let room = block.room();
        let at = self.free.get_mut(&room).and_then(Vec::pop).unwrap_or_else(|| {
            self.end += room;
            self.end - room
        });
        address(at + block.before())
    }

    pub fn give_back(&mut self, at: Address, block: Block) {
        self.free.entry(block.room()).or_default().push(at as usize - block.before());
    }

    pub fn end(&self) -> usize {
        self.end
    }
}

/// The memory of adjoints. A block may use that of another one, which is free when both are finished.
#[derive(Debug, Default)]
pub(super) struct Lent {
    memory: Reused,
    /// By block: its own memory, and for what, the block whose memory it uses, how many blocks use its memory besides itself,
    /// and whether it is finished.
    own: Vec<Option<(Address, Block)>>,
    lender: Vec<Option<usize>>,
    borrowers: Vec<usize>,
    is_finished: Vec<bool>,
}

impl Lent {
    pub fn new(blocks: usize) -> Lent {
        Lent {
            memory: Reused::default(),
            own: vec![None; blocks],
            lender: vec![None; blocks],
            borrowers: vec![0; blocks],
            is_finished: vec![false; blocks],
        }
    }

    /// Memory for the block of this number: as this one.
    pub fn take(&mut self, number: usize, block: Block) -> Address {
        let at = self.memory.take(block);
        self.own[number] = Some((at, block));
        at
    }

    /// Notes that a block uses the memory of another, or the memory that the other uses.
    pub fn lend(&mut self, from: usize, to: usize) {
        let lender = self.lender[from].unwrap_or(from);
        self.lender[to] = Some(lender);
        self.borrowers[lender] += 1;
    }

    /// A block that used the memory of another uses its own from now on.
    pub fn give_up(&mut self, block: usize) {
        if let Some(owner) = self.lender[block].take() {
            self.borrowers[owner] -= 1;
            self.release(owner);
        }
    }

    /// The adjoints of a block are not needed any more.
    pub fn finish(&mut self, block: usize) {
        match self.lender[block] {
            Some(_) => self.give_up(block),
            None => {
                self.is_finished[block] = true;
                self.release(block);
            }
        }
    }

    fn release(&mut self, owner: usize) {
        if self.is_finished[owner]
            && self.borrowers[owner] == 0
            && let Some((at, block)) = self.own[owner].take()
        {
            self.memory.give_back(at, block);
        }
    }

    pub fn end(&self) -> usize {
        self.memory.end()
    }
}
