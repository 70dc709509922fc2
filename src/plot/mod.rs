//! Plots (feature `view`): of training runs, classifiers, fits, functions and matrices, as SVG.
//!
//! Each function takes plain data and returns a [`Plot`], or an [`Error`] that says why there is none: nothing is drawn of
//! numbers that are not finite. A plot is 600 pixels wide, has the colours of a [`Theme`], and is legible without colours
//! too, by dashes, markers and brightness. The same data give the same bytes.
//!
//! ```
//! use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, moons};
//! use tapegrad::plot::{decision_boundary, loss_curve};
//!
//! let data = moons(100, 0.1, 7);
//! let mut mlp = Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(7).build()?;
//! let history = Trainer::new(Adam::new(0.05)).epochs(60).fit(&mut mlp, Loss::Hinge, &data)?;
//! let loss = loss_curve(&history)?.with_title("Two moons").to_svg();
//! let boundary = decision_boundary(&mlp, &data, &[])?.to_svg();
//! # assert!(loss.ends_with("</svg>") && boundary.ends_with("</svg>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Of very many data a part is drawn: of a line all peaks, of samples some, evenly chosen, and the legend says how many.
//! Differences that are smaller than a billionth of the numbers themselves are not drawn to scale.

mod axis;
mod boundary;
mod confusion;
mod curve;
mod derivative;
mod draw;
mod error;
mod frame;
mod histograms;
mod loss;
mod marks;
mod panel;
mod picture;
mod runs;
mod sparsity;
mod text;
mod theme;
mod thin;

pub use boundary::{decision_boundary, decision_regions};
pub use confusion::confusion_matrix;
pub use curve::fitted_curve;
pub use derivative::function_with_derivative;
pub use error::Error;
pub use histograms::histograms;
pub use loss::loss_curve;
pub use picture::Plot;
pub use runs::run_lengths;
pub use sparsity::sparsity;
pub use theme::Theme;
