//! Which updates of a run the page keeps.

use super::picture::Projection;
use crate::nn::mlp::Mlp;
use crate::nn::train::Update;

/// The numbers that all frames together may have: some ten bytes each in the file.
const NUMBERS: usize = 200_000;

/// At least so many frames are kept, however large the network is.
const LEAST: usize = 8;

/// More frames than these are too many to scrub through.
const MOST: usize = 400;

/// How many updates of each doubling of their number are kept as long as these are not too many.
const PER_OCTAVE: usize = 64;

/// An update, or the state after the last one.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub update: usize,
    pub epoch: usize,
    pub rate: Option<f64>,
    pub loss: Option<f64>,
    /// The number of samples in the batch.
    pub batch: usize,
    /// The parameters before the update.
    pub parameters: Vec<f64>,
    pub gradient: Option<Vec<f64>>,
    /// The parameters after the update.
    pub next: Option<Vec<f64>>,
}

impl Frame {
    fn new(update: &Update<'_>) -> Frame {
        Frame {
            update: update.update,
            epoch: update.epoch,
            rate: Some(update.rate),
            loss: Some(update.loss),
            batch: update.samples.len(),
            parameters: update.before.to_vec(),
            gradient: Some(update.gradient.to_vec()),
            next: Some(update.parameters.to_vec()),
        }
    }

    /// The state that this update led to.
    pub fn after(&self) -> Frame {
        let parameters = self.next.clone().unwrap_or_default();
        Frame {
            update: self.update + 1,
            epoch: self.epoch,
            rate: None,
            loss: None,
            batch: 0,
            parameters,
            gradient: None,
            next: None,
        }
    }
}

/// The updates that are kept: the first `2 · per_octave` ones, then `per_octave` of each doubling of their number. Training
/// changes most at its beginning, and how long it will take is not known.
#[derive(Debug)]
pub(super) struct Frames {
    /// In order; the last update is among them, whether or not it is to be kept when the next one comes.
    kept: Vec<Frame>,
    /// The number of the first update, which is not 0 in a run that was resumed.
    first: usize,
    /// A power of two.
    per_octave: usize,
    most: usize,
}

impl Frames {
    /// For a network, of which this number of samples is shown in each frame.
    pub fn new(mlp: &Mlp, samples: usize) -> Frames {
        let neurons: usize = mlp.layers().iter().map(|layer| layer.outputs()).sum();
        let of_frame = 2 * mlp.parameters().len() + 5 * neurons * samples + Projection::numbers(mlp);
        let most = (NUMBERS / of_frame).clamp(LEAST, MOST);
        Frames { kept: Vec::new(), first: 0, per_octave: PER_OCTAVE, most }
    }

    /// An update that does not come after the last one begins another run, which replaces the run before.
    pub fn push(&mut self, update: &Update<'_>) {
        let last = self.kept.last().map(|last| last.update);
        if last.is_none_or(|last| update.update <= last) {
            (self.first, self.per_octave) = (update.update, PER_OCTAVE);
            self.kept.clear();
        } else if !last.is_some_and(|last| self.keeps(last)) {
            self.kept.pop();
        }
        self.kept.push(Frame::new(update));
        let to_keep = |frames: &Frames| frames.kept.len() - usize::from(!frames.keeps(update.update));
        while to_keep(self) > self.most && self.per_octave > 1 {
            self.per_octave /= 2;
            let kept = std::mem::take(&mut self.kept);
            let stays = |frame: &Frame| frame.update == update.update || self.keeps(frame.update);
            self.kept = kept.into_iter().filter(stays).collect();
        }
    }

    fn keeps(&self, update: usize) -> bool {
        let done = update - self.first;
        let octave = done.max(1).ilog2();
        let stride = (1 << octave) / self.per_octave;
        done.is_multiple_of(stride.max(1))
    }

    /// The kept updates in order, the last one included.
    pub fn kept(&self) -> &[Frame] {
        &self.kept
    }

    /// The last update.
    pub fn last(&self) -> Option<&Frame> {
        self.kept.last()
    }
}
