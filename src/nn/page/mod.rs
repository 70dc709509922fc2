//! A training run as a page for the browser.

mod frames;
mod html;
mod json;
mod numbers;
mod picture;
mod sample;

use super::data::Data;
use super::error::{Error, expect_length};
use super::layer::Bias;
use super::loss::Loss;
use super::mlp::Mlp;
use super::train::{Epoch, History, Update};
use crate::Var;
use frames::{Frame, Frames};
use json::{EpochShown, LayerShown, Run, SampleShown, Shown, json};
use numbers::{Number, Numbers};
use picture::Projection;
use sample::SamplePass;
use std::fmt;
use std::path::Path;

/// At most this many samples are followed from neuron to neuron, unless [`TrainingPage::samples`] says otherwise.
const SAMPLES: usize = 4;

/// More epochs than these are thinned in the chart of the losses.
const EPOCHS: usize = 1000;

/// A training run as one HTML file: the network with its weights, activations and deltas, the decision boundary or the fitted
/// curve, the losses, and every update of a weight written out by the chain rule. It can be played, stopped, and gone through
/// step by step. The file needs no network, and no other file.
///
/// The page is filled by [`Trainer::on_update`](super::Trainer::on_update):
///
/// ```
/// use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, TrainingPage, moons};
///
/// let data = moons(40, 0.1, 7);
/// let mut mlp = Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).seed(7).build()?;
/// let mut page = TrainingPage::new("Two moons", &mlp, Loss::Hinge, &data)?;
/// let history = Trainer::new(Adam::new(0.05))
///     .epochs(20)
///     .on_update(|update| page.record(update))
///     .fit(&mut mlp, Loss::Hinge, &data)?;
/// let html = page.html(&history);
/// assert!(html.starts_with("<!DOCTYPE html>"));
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
///
/// Not every update of a long run is kept: all of the first ones, then fewer and fewer in proportion, and always the last, so
/// that the file stays within 3 MB, unless a few updates alone take more, as of a network of many thousand parameters. Numbers are rounded to ten digits.
pub struct TrainingPage<'a> {
    title: String,
    mlp: Mlp,
    loss: LossOf<'a>,
    loss_name: String,
    data: Data,
    samples: Vec<usize>,
    class_names: Option<Vec<String>>,
    input_names: Option<Vec<String>>,
    axes: [usize; 2],
    frames: Frames,
}

/// The loss of the outputs and targets of one sample.
type LossOf<'a> = Box<dyn Fn(&[Var], &[Var]) -> Var + 'a>;

impl<'a> TrainingPage<'a> {
    /// A page for the training of this network, with this loss, on these samples.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::Target`] and [`Error::Setting`] if the samples do not fit the network or the loss;
    /// [`Error::NoSamples`].
    pub fn new(title: &str, mlp: &Mlp, loss: Loss, data: &Data) -> Result<TrainingPage<'a>, Error> {
        loss.check_all(mlp.output_activation(), mlp.outputs(), data)?;
        let of = move |outputs: &[Var], targets: &[Var]| loss.of(outputs, targets);
        let mut page = TrainingPage::with_loss(title, mlp, of, data)?;
        page.loss_name = format!("{loss:?}");
        page.class_names = loss.is_of_classes().then(|| {
            let classes = data.target_width().max(2);
            (0..classes).map(|class| class.to_string()).collect()
        });
        Ok(page)
    }

    /// A page for a loss of one's own, as for [`Trainer::fit_with`](super::Trainer::fit_with). Its picture shows regions of
    /// classes if [`class_names`](Self::class_names) are given, else outputs as numbers.
    ///
    /// # Errors
    /// [`Error::Length`] if the samples do not have as many inputs as the network takes; [`Error::NoSamples`];
    /// [`Error::Setting`] if samples have weights or targets are missing.
    pub fn with_loss(
        title: &str,
        mlp: &Mlp,
        loss: impl Fn(&[Var], &[Var]) -> Var + 'a,
        data: &Data,
    ) -> Result<TrainingPage<'a>, Error> {
        if data.is_empty() {
            return Err(Error::NoSamples(" to show"));
        }
        if data.has_missing() || data.weights().is_some() {
            let problem = "a training page writes updates out over samples that count the same and have all their \
                           targets: give it data without weights and missing targets";
            return Err(Error::Setting(problem.to_owned()));
        }
        expect_length("inputs of a sample", mlp.inputs(), data.input_width())?;
        let count = data.len().min(SAMPLES);
        Ok(TrainingPage {
            title: title.to_owned(),
            mlp: mlp.clone(),
            loss: Box::new(loss),
            loss_name: "own loss".to_owned(),
            data: data.clone(),
            samples: (0..count).map(|k| k * data.len() / count).collect(),
            class_names: None,
            input_names: None,
            axes: [0, 1],
            frames: Frames::new(mlp, count),
        })
    }

    /// The samples that are followed from neuron to neuron; by default four, evenly spread over the data.
    ///
    /// # Panics
    /// If there is no such sample, or none is given.
    #[must_use]
    #[track_caller]
    pub fn samples(mut self, samples: &[usize]) -> Self {
        assert!(!samples.is_empty(), "no sample to follow: give at least one");
        let count = self.data.len();
        for &sample in samples {
            assert!(sample < count, "there is no sample {sample}: there are {count}, counted from 0");
        }
        self.samples = samples.to_vec();
        self.frames = Frames::new(&self.mlp, samples.len());
        self
    }

    /// The names of the classes, in order; for a single output those of class 0 and class 1.
    ///
    /// # Panics
    /// If there are not as many names as classes.
    #[must_use]
    #[track_caller]
    pub fn class_names(mut self, names: &[impl AsRef<str>]) -> Self {
        let (found, classes) = (names.len(), self.mlp.outputs().max(2));
        assert!(found == classes, "{found} names for {classes} classes: give one for each");
        self.class_names = Some(names.iter().map(|name| name.as_ref().to_owned()).collect());
        self
    }

    /// The names of the inputs, in order.
    ///
    /// # Panics
    /// If there are not as many names as inputs.
    #[must_use]
    #[track_caller]
    pub fn input_names(mut self, names: &[impl AsRef<str>]) -> Self {
        let (found, inputs) = (names.len(), self.mlp.inputs());
        assert!(found == inputs, "{found} names for {inputs} inputs: give one for each");
        self.input_names = Some(names.iter().map(|name| name.as_ref().to_owned()).collect());
        self
    }

    /// The two inputs along which the regions of the classes are drawn, all others being held at their means. The first two by
    /// default. (Of more than 64 classes, outputs against targets are drawn.)
    ///
    /// # Panics
    /// If there is no such input, or both are the same.
    #[must_use]
    #[track_caller]
    pub fn axes(mut self, x: usize, y: usize) -> Self {
        let inputs = self.mlp.inputs();
        assert!(
            x < inputs && y < inputs && x != y,
            "axes {x} and {y}: give two of the {inputs} inputs, counted from 0"
        );
        self.axes = [x, y];
        self
    }

    /// Records an update. What the page shows of it is computed when the page is written, or by
    /// [`last_frame_json`](Self::last_frame_json). A page shows one run: an update whose number is not above that of the last
    /// one begins another run, and those before are forgotten.
    ///
    /// # Panics
    /// If it is the update of a model with another number of parameters.
    #[track_caller]
    pub fn record(&mut self, update: &Update<'_>) {
        let (count, found) = (self.mlp.parameters().len(), update.parameters.len());
        assert!(found == count, "an update of {found} parameters, and the network of this page has {count}");
        self.frames.push(update);
    }

    /// The page.
    #[must_use]
    pub fn html(&self, history: &History) -> String {
        html::page(&self.title, &self.to_json(history))
    }

    /// Writes the page to a file, which is replaced atomically.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>, history: &History) -> Result<(), Error> {
        super::save::write(path.as_ref(), self.html(history).as_bytes())
    }

    /// What the page shows, as JSON.
    #[must_use]
    pub fn to_json(&self, history: &History) -> String {
        let projection = self.projection();
        let end = self.frames.last().map(Frame::after);
        let frames: Vec<&Frame> = self.frames.kept().iter().chain(&end).collect();
        let shown = frames.iter().enumerate().map(|(k, frame)| {
            let next = frames.get(k + 1).map(|next| next.update);
            self.shown(&projection, frame, next)
        });
        let shown = shown.collect();
        json(&Run { frames: shown, ..self.run(&projection, &history.epochs) })
    }

    /// The run without its updates, as JSON: with [`last_frame_json`](Self::last_frame_json) from time to time, what a page
    /// needs that follows a run while it goes on.
    #[must_use]
    pub fn run_json(&self) -> String {
        json(&self.run(&self.projection(), &[]))
    }

    /// What the page shows of the last recorded update, as JSON; `None` before the first.
    #[must_use]
    pub fn last_frame_json(&self) -> Option<String> {
        self.frames.last().map(|frame| json(&self.shown(&self.projection(), frame, None)))
    }

    fn projection(&self) -> Projection {
        Projection::new(&self.mlp, &self.data, self.class_names.as_deref(), self.axes)
    }

    fn run<'r>(&'r self, projection: &'r Projection, epochs: &[Epoch]) -> Run<'r> {
        let stride = epochs.len().div_ceil(EPOCHS).max(1);
        let is_kept = |epoch: &&Epoch| epoch.epoch.is_multiple_of(stride) || epoch.epoch + 1 == epochs.len();
        let epochs = epochs.iter().filter(is_kept).map(EpochShown::new).collect();
        let layers = self.mlp.layers().iter().map(|layer| LayerShown {
            inputs: layer.inputs(),
            neurons: layer.outputs(),
            activation: format!("{:?}", layer.activation()).to_lowercase(),
            bias: match layer.bias() {
                Bias::None => "none",
                Bias::PerNeuron => "own",
                Bias::Shared => "shared",
            },
        });
        let samples = self.samples.iter().map(|&sample| SampleShown {
            sample,
            input: Numbers(self.data.input(sample)),
            target: Numbers(self.data.target(sample)),
        });
        Run {
            title: &self.title,
            loss: &self.loss_name,
            layers: layers.collect(),
            names: self.mlp.names().collect(),
            inputs: self.input_names.as_deref().unwrap_or(&[]),
            classes: self.class_names.as_deref().unwrap_or(&[]),
            samples: samples.collect(),
            picture: projection,
            epochs,
            frames: Vec::new(),
        }
    }

    /// A frame with what the network computes at its parameters. The parameters after the update are left out where they are
    /// those of the next frame, whose update is `next`.
    fn shown<'f>(&self, projection: &Projection, frame: &'f Frame, next: Option<usize>) -> Shown<'f> {
        let mut mlp = self.mlp.clone();
        mlp.parameters_mut().copy_from_slice(&frame.parameters);
        let pass = |&sample: &usize| {
            SamplePass::new(&mlp, &self.loss, self.data.input(sample), self.data.target(sample))
        };
        let is_followed = next == Some(frame.update + 1);
        Shown {
            update: frame.update,
            epoch: frame.epoch,
            rate: frame.rate.map(Number),
            loss: frame.loss.map(Number),
            batch: frame.batch,
            w: Numbers(&frame.parameters),
            gradient: frame.gradient.as_deref().map(Numbers),
            after: frame.next.as_deref().filter(|_| !is_followed).map(Numbers),
            samples: self.samples.iter().map(pass).collect(),
            picture: projection.picture(&mlp, &self.data),
        }
    }
}

impl fmt::Debug for TrainingPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainingPage")
            .field("title", &self.title)
            .field("loss", &self.loss_name)
            .field("samples", &self.samples)
            .field("updates", &self.frames.kept().len())
            .finish_non_exhaustive()
    }
}
