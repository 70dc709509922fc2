//! A plot, and what one does with it: change its texts and colours, write it out.

use super::draw::draw;
use super::panel::Panel;
use super::theme::Theme;
use crate::view::show_in_notebook;
use std::fmt;

/// A plot, ready to be written as SVG. The same data give the same bytes.
///
/// ```
/// use tapegrad::plot::{Theme, fitted_curve};
///
/// let plot = fitted_curve(&[[0.0, 1.0], [1.0, 2.9]], &[[0.0, 1.0], [1.0, 3.0]], None)?
///     .with_title("A line")
///     .with_x_label("time in s")
///     .with_theme(Theme::Dark);
/// assert!(plot.to_svg().contains(">A line<"));
/// # Ok::<(), tapegrad::plot::Error>(())
/// ```
///
/// `Display` writes the same SVG. In a Jupyter notebook with a Rust kernel, the plot as the last expression of a cell is
/// shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    title: Option<String>,
    theme: Theme,
    panels: Vec<Panel>,
}

impl Plot {
    pub(super) fn new(panels: Vec<Panel>) -> Plot {
        Plot { title: None, theme: Theme::default(), panels }
    }

    /// The same plot with a title.
    #[must_use]
    pub fn with_title(self, title: &str) -> Plot {
        Plot { title: Some(title.to_owned()), ..self }
    }

    /// The same plot in other colours.
    #[must_use]
    pub fn with_theme(self, theme: Theme) -> Plot {
        Plot { theme, ..self }
    }

    /// The same plot with another label of the horizontal axis.
    #[must_use]
    pub fn with_x_label(mut self, label: &str) -> Plot {
        self.panels.iter_mut().for_each(|panel| panel.x.label = label.to_owned());
        self
    }

    /// The same plot with another label of the vertical axis; of the upper one, if there are two.
    #[must_use]
    pub fn with_y_label(mut self, label: &str) -> Plot {
        if let Some(panel) = self.panels.first_mut() {
            panel.y.label = label.to_owned();
        }
        self
    }

    /// The plot as an SVG document, 600 pixels wide; it can be scaled.
    #[must_use]
    pub fn to_svg(&self) -> String {
        draw(self.title.as_deref(), self.theme, &self.panels)
    }

    /// Writes the SVG document to a file, which is replaced atomically.
    ///
    /// # Errors
    /// [`Error::Network`](super::Error::Network) with [`nn::Error::Io`](crate::nn::Error::Io).
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), super::Error> {
        Ok(crate::nn::replace_file(path.as_ref(), self.to_svg().as_bytes())?)
    }

    /// Shows the plot in a Jupyter notebook. The Rust kernel, evcxr, calls this; it reads the standard output.
    pub fn evcxr_display(&self) {
        show_in_notebook("image/svg+xml", &self.to_svg());
    }
}

impl fmt::Display for Plot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_svg())
    }
}
