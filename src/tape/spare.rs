//! Memory that a thread keeps of dropped tapes for its next ones: as much as recent tapes needed.

use super::need::RECENT;
use super::storage::Storage;

/// The bytes that are kept in any case, unless the thread sets another limit.
const ALWAYS: usize = 64 << 20;

pub(crate) struct Spare {
    /// The storage put here most recently is reused first, so storage that is not needed is at the bottom.
    stack: Vec<Storage>,
    bytes: usize,
    /// Up to this number of bytes are kept, whatever recent tapes needed.
    always: usize,
    /// Whether a tape ended since the last one began.
    has_ended: bool,
    /// How often a tape began after one had ended, up to `RECENT`.
    rounds: usize,
    /// How many storages, from the bottom, were not reused in these rounds.
    idle: usize,
}

impl Spare {
    pub const EMPTY: Spare =
        Spare { stack: Vec::new(), bytes: 0, always: ALWAYS, has_ended: false, rounds: 0, idle: 0 };

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn set_always(&mut self, bytes: usize) {
        self.always = bytes;
    }

    /// Memory for a tape that begins.
    pub fn take(&mut self) -> Option<Storage> {
        self.rounds += usize::from(std::mem::take(&mut self.has_ended));
        let tape = self.stack.pop();
        self.bytes -= tape.as_ref().map_or(0, Storage::bytes);
        self.idle = self.idle.min(self.stack.len());
        tape
    }

    /// The memory of a tape that has ended, and is empty.
    pub fn put(&mut self, mut tape: Storage) {
        let need = tape.take_need();
        let needs = &mut tape.cold_mut().needs;
        needs.push(need);
        let most = needs.most();
        // Memory that grew as needed is at most twice what was needed.
        if self.bytes + tape.bytes() > self.always && tape.bytes() > 2 * Storage::bytes_for(most) {
            tape.shrink_to(most);
        }
        self.bytes += tape.bytes();
        self.stack.push(tape);
        self.has_ended = true;
        if self.rounds >= RECENT {
            self.release_idle();
        }
    }

    /// Releases what was not reused in the last `RECENT` rounds, from the bottom.
    fn release_idle(&mut self) {
        let (mut released, mut bytes) = (0, self.bytes);
        while released < self.idle && bytes > self.always {
            bytes -= self.stack[released].bytes();
            released += 1;
        }
        self.stack.drain(..released).for_each(Storage::end);
        (self.bytes, self.rounds, self.idle) = (bytes, 0, self.stack.len());
    }

    /// Releases everything.
    pub fn release(&mut self) {
        self.stack.drain(..).for_each(Storage::end);
        (self.bytes, self.rounds, self.idle) = (0, 0, 0);
    }
}
