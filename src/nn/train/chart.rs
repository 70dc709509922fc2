//! A history as a picture of characters.

use super::history::{Epoch, History};
use std::fmt::Write;

const COLUMNS: usize = 60;
const ROWS: usize = 13;

impl History {
    /// The losses over the epochs as a picture for the terminal, 60 columns by 13 rows with labels: `*` is the training
    /// loss, `o` the validation loss, `@` both. The scale is logarithmic if all losses are positive, as the last line says.
    /// Losses that are not finite are left out.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, sine};
    /// # let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// let history = Trainer::new(Adam::new(0.02)).epochs(40).fit(&mut mlp, Loss::MeanSquared, &sine(40, 0.1, 1))?;
    /// println!("{}", history.chart());
    /// # assert_eq!(history.chart().lines().count(), 16);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    #[must_use]
    pub fn chart(&self) -> String {
        let losses = |of: fn(&Epoch) -> Option<f64>| -> Vec<(usize, f64)> {
            let numbered = self.epochs.iter().enumerate().filter_map(|(k, epoch)| Some((k, of(epoch)?)));
            numbered.filter(|(_, loss)| loss.is_finite()).collect()
        };
        let series =
            [(b'*', losses(|epoch| Some(epoch.loss))), (b'o', losses(|epoch| epoch.validation_loss))];
        let all = || series.iter().flat_map(|(_, losses)| losses).map(|&(_, loss)| loss);
        let Some((low, high)) = all().map(|loss| (loss, loss)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        else {
            return "no epoch has a finite loss".to_owned();
        };
        let is_log = low > 0.0;
        // Halves, so that their difference does not overflow.
        let height = |loss: f64| if is_log { loss.ln() } else { loss / 2.0 };
        let span = height(high) - height(low);
        let last = self.epochs.len() - 1;

        let mut cells = vec![[b' '; COLUMNS]; ROWS];
        for (mark, losses) in &series {
            for &(k, loss) in losses {
                let share = if span == 0.0 { 0.5 } else { (height(high) - height(loss)) / span };
                let row = (share * (ROWS - 1) as f64).round() as usize;
                // In the middle of its share of the columns, which may be several or a part of one.
                let cell = &mut cells[row][(2 * k + 1) * COLUMNS / (2 * (last + 1))];
                *cell = if *cell == b' ' || *cell == *mark { *mark } else { b'@' };
            }
        }

        let mut chart = String::new();
        for (row, cells) in cells.iter().enumerate() {
            let label = match row {
                0 => format!("{high:.2e}"),
                _ if row == ROWS - 1 => format!("{low:.2e}"),
                _ => String::new(),
            };
            let line = String::from_utf8_lossy(cells);
            let _ = writeln!(chart, "{label:>9} |{}", line.trim_end());
        }
        let _ = writeln!(chart, "{:>9} +{}", "", "-".repeat(COLUMNS));
        let [start, end] = [0, last].map(|k| self.epochs[k].epoch.to_string());
        let gap = COLUMNS.saturating_sub(start.len() + end.len());
        let _ = writeln!(chart, "{:>9}  {start}{:gap$}{end}", "epoch", "");
        let validation = if series[1].1.is_empty() { "" } else { ", o validation, @ both" };
        let scale = if is_log { " (log scale)" } else { "" };
        let _ = write!(chart, "{:>9}{scale}: * training{validation}", "loss");
        chart
    }
}
