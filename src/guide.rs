// The pages are plain files and a book too, and link to files. Of several definitions of a link the first counts. So before
// each page stand links to modules (`rustdoc-links.md`) and its pictures, each as one line of data. Only documentation reads
// them; of a page that is tested, the compiler then names the right line.

// Programs are complete, so that they can be copied.
#![allow(clippy::needless_doctest_main)]
#![cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#![doc = include_str!("../docs/guide/README.md")]

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/valley.md"))]
#[doc = include_str!("../docs/guide/gradient.md")]
pub mod gradient {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/expression-graph.md"))]
#[doc = include_str!("../docs/guide/expression.md")]
pub mod expression {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/walk-before.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/walk-sum.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/walk-sin.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/walk-done.md"))]
#[doc = include_str!("../docs/guide/tape.md")]
pub mod tape {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/shares-graph.md"))]
#[doc = include_str!("../docs/guide/shares.md")]
pub mod shares {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/absolute-error.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/squared-error.md"))]
#[doc = include_str!("../docs/guide/error-measures.md")]
pub mod error_measures {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/sigmoid-and-slope.md"))]
#[doc = include_str!("../docs/guide/sigmoid.md")]
pub mod sigmoid {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/petals.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/two-species.md"))]
#[doc = include_str!("../docs/guide/regression.md")]
pub mod regression {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/three-batch-sizes.md"))]
#[doc = include_str!("../docs/guide/updates.md")]
pub mod updates {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/neuron-graph.md"))]
#[doc = include_str!("../docs/guide/backpropagation.md")]
pub mod backpropagation {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/two-two-two-graph.md"))]
#[doc = include_str!("../docs/guide/two-two-two.md")]
pub mod two_two_two {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/own-graph.md"))]
#[doc = include_str!("../docs/guide/your-own.md")]
pub mod your_own {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/moons-boundary.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/overfitting.md"))]
#[doc = include_str!("../docs/guide/training.md")]
pub mod training {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/sine-fit.md"))]
#[doc = include_str!("../docs/guide/networks.md")]
pub mod networks {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/rate-finder.md"))]
#[doc = include_str!("../docs/guide/custom-networks.md")]
pub mod custom_networks {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/iris-confusion.md"))]
#[doc = include_str!("../docs/guide/saving.md")]
pub mod saving {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/petals.md"))]
#[doc = include_str!("../docs/guide/tables.md")]
pub mod tables {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/quartic-slope-graph.md"))]
#[doc = include_str!("../docs/guide/physics.md")]
pub mod physics {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/difference-errors.md"))]
#[doc = include_str!("../docs/guide/checking-gradients.md")]
pub mod checking_gradients {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/guard-graph.md"))]
#[doc = include_str!("../docs/guide/functions.md")]
pub mod functions {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/quartic-graph.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/quartic-slope-graph.md"))]
#[doc = include_str!("../docs/guide/derivatives.md")]
pub mod derivatives {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/preamble-graph.md"))]
#[doc = include_str!("../docs/guide/batches.md")]
pub mod batches {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/folded-graph.md"))]
#[doc = include_str!("../docs/guide/large-problems.md")]
pub mod large_problems {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/calls-graph.md"))]
#[doc = include_str!("../docs/guide/loops.md")]
pub mod loops {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/springs-graph.md"))]
#[doc = include_str!("../docs/guide/sparse.md")]
pub mod sparse {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/expression-graph.md"))]
#[doc = include_str!("../docs/guide/fused.md")]
pub mod fused {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/springs-graph.md"))]
#[doc = include_str!("../docs/guide/vectorised.md")]
pub mod vectorised {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/softplus.md"))]
#[doc = include_str!("../docs/guide/other-crates.md")]
pub mod other_crates {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/determinant.md"))]
#[doc = include_str!("../docs/guide/matrices.md")]
pub mod matrices {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/misra1a.md"))]
#[doc = include_str!("../docs/guide/solvers.md")]
pub mod solvers {}

#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/rustdoc-links.md"))]
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../docs/guide/pictures/gradient-by-layer.md"))]
#[doc = include_str!("../docs/guide/troubleshooting.md")]
pub mod troubleshooting {}
