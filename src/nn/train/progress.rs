//! A progress bar on the terminal. It does nothing without a terminal, or without the feature `progress`.

use super::history::Epoch;

pub(super) struct Progress {
    /// `None` if the bar would not be visible: then nothing is formatted, and no clock is read.
    #[cfg(feature = "progress")]
    bar: Option<indicatif::ProgressBar>,
}

impl Progress {
    #[cfg(feature = "progress")]
    pub fn new(on: bool, epochs: usize, done: usize) -> Progress {
        let bar = on.then(|| indicatif::ProgressBar::new(epochs as u64)).filter(|bar| !bar.is_hidden());
        if let Some(bar) = &bar {
            // In two lines, so that both fit into 80 columns.
            let template = "{bar:20} epoch {pos}/{len}, step {prefix}, {elapsed}, {eta} left\n{wide_msg}";
            if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_position(done as u64);
        }
        Progress { bar }
    }

    #[cfg(feature = "progress")]
    pub fn show(&self, epoch: &Epoch) {
        use std::fmt::Write;
        let Some(bar) = &self.bar else { return };
        let mut message = format!("loss {:.4e}", epoch.loss);
        if let Some(loss) = epoch.validation_loss {
            let _ = write!(message, "  validation {loss:.4e}");
        }
        for metric in &epoch.metrics {
            let _ = metric.value().map(|value| write!(message, "  {} {value:.4}", metric.name));
        }
        let _ = write!(message, "  rate {:.2e}", epoch.rate);
        bar.set_prefix(epoch.updates.to_string());
        bar.set_message(message);
        bar.inc(1);
    }

    #[cfg(feature = "progress")]
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }

    #[cfg(not(feature = "progress"))]
    pub fn new(_: bool, _: usize, _: usize) -> Progress {
        Progress {}
    }

    #[cfg(not(feature = "progress"))]
    pub fn show(&self, _: &Epoch) {}

    #[cfg(not(feature = "progress"))]
    pub fn finish(&self) {}
}
