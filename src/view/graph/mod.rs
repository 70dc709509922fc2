//! Drawings of a recording; see [`Graph`].

mod build;
mod classes;
#[cfg(feature = "view")]
mod curve;
mod cut;
mod dot;
mod drawing;
#[cfg(feature = "view")]
mod layout;
mod mermaid;
mod outputs;
#[cfg(feature = "view")]
mod references;
#[cfg(feature = "view")]
mod svg;
mod text;
mod units;
mod words;

use super::listing::{Listing, Operand};
use build::{Options, drawing};
use std::fmt;

/// A drawing of a recording as a graph, in several formats: an arrow leads from each operand to the operation that uses
/// it. Made by [`Listing::graph`].
///
/// `Display` is a tree for the terminal:
///
/// ```
/// # let tape = tapegrad::Tape::new();
/// let (x, y) = (tape.named("x", 3.0), tape.named("y", 4.0));
/// let z = x * y + x;
/// println!("{}", tape.listing_with(&z.backward()).graph());
/// # let text = "#3 add(#2, x) = 15  (adjoint 1, output)\n├─ #2 mul(x, y) = 12  (adjoint 1)\n│  ├─ #0 x = 3  (adjoint 5)\n│  └─ #1 y = 4  (adjoint 3)\n└─ #0 x = 3  (above)";
/// # assert_eq!(tape.listing_with(&z.backward()).graph().to_string(), text);
/// ```
/// ```text
/// #3 add(#2, x) = 15  (adjoint 1, output)
/// ├─ #2 mul(x, y) = 12  (adjoint 1)
/// │  ├─ #0 x = 3  (adjoint 5)
/// │  └─ #1 y = 4  (adjoint 3)
/// └─ #0 x = 3  (above)
/// ```
///
/// A vertex shows the index of its node, what it computes (constants among the operands), its value and, if the listing
/// has them, its adjoint. Inputs have round corners, operations sharp ones, outputs a double line. Of a tape, the outputs
/// are the results that nothing uses. A dashed arrow comes from an operand that has no part in the result, as one that a
/// `select` does not choose. A number that is not finite is marked with `⚠`. Branches of the code appear as notes.
///
/// **What is folded.** Things of the same form are drawn once, from four on: with `× 100` if they are a hundred, and with
/// the range of their numbers. They are the same operation, or inputs whose names differ in digits alone; their operands
/// are of the same form; and they are used in the same way. So the terms of a sum are drawn once, or the neurons of a
/// layer. An operand in which they differ is written `·`, and an arrow with `× 3` stands for three operands of each
/// result. Additions of each other's results, too, are drawn as one addition of all terms from four on, if the results
/// between are not used otherwise. [`folded(false)`](Self::folded) draws every node.
///
/// **What is cut.** [`at_most`](Self::at_most) vertices are drawn, 60 by default: those nearest to the outputs. What is
/// left out is counted in a note. In a picture, an arrow that would pass many vertices gives way to a small dashed box
/// that names the operand.
#[derive(Debug, Clone)]
#[must_use]
pub struct Graph<'a> {
    listing: &'a Listing,
    options: Options,
}

impl Listing {
    /// A drawing of the recording.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y]| x * y + x, [1.0, 2.0])?;
    /// let listing = f.evaluator().listing(&[3.0, 4.0])?;
    /// let dot = listing.graph().with_partials(true).to_dot();
    /// assert!(dot.starts_with("digraph"));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Panics
    /// If an operand does not come before the node that uses it, in a listing that was changed by hand.
    #[track_caller]
    pub fn graph(&self) -> Graph<'_> {
        for (index, node) in self.nodes.iter().enumerate() {
            for &operand in &node.operands {
                assert!(
                    !matches!(operand, Operand::Node(operand) if operand >= index),
                    "node #{index} has the operand {operand}, which does not come before it; nodes stand in order of \
                     evaluation"
                );
            }
        }
        let nodes = self.nodes.len();
        let compared = self.guards.iter().flat_map(|guard| [guard.left, guard.right]);
        for operand in self.outputs.iter().copied().chain(compared) {
            assert!(
                !matches!(operand, Operand::Node(index) if index >= nodes),
                "{operand}, an output or side of a guard, is not among the {nodes} nodes of this listing"
            );
        }
        let options = Options { below: None, partials: false, folded: true, most: 60, digits: 6 };
        Graph { listing: self, options }
    }
}

impl Graph<'_> {
    /// Only what this operand depends on, which is then the only output. [`Tape::operand`](crate::Tape::operand) gives
    /// that of a variable; for a function, it is one of [`Listing::outputs`].
    ///
    /// # Panics
    /// If the listing has no such node.
    #[track_caller]
    pub fn below(mut self, output: Operand) -> Self {
        let nodes = self.listing.nodes.len();
        assert!(
            !matches!(output, Operand::Node(index) if index >= nodes),
            "{output} is not among the {nodes} nodes of this listing; take one of its nodes or outputs"
        );
        self.options.below = Some(output);
        self
    }

    /// Whether each arrow shows the partial derivative of the operation with respect to the operand; not by default.
    pub fn with_partials(mut self, on: bool) -> Self {
        self.options.partials = on;
        self
    }

    /// Whether parts of the same form are drawn once; they are by default.
    pub fn folded(mut self, on: bool) -> Self {
        self.options.folded = on;
        self
    }

    /// At most this many vertices, those nearest to the outputs; 60 by default.
    pub fn at_most(mut self, vertices: usize) -> Self {
        self.options.most = vertices;
        self
    }

    /// How many significant digits numbers have, 6 by default. With 17 or more, the shortest text that reads back as the
    /// same number.
    pub fn digits(mut self, digits: usize) -> Self {
        self.options.digits = digits.max(1);
        self
    }

    /// The graph in the language of Graphviz, for `dot -Tsvg` and others.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::write(&drawing(self.listing, &self.options))
    }

    /// The graph as a Mermaid flowchart, which many sites draw in Markdown.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::write(&drawing(self.listing, &self.options))
    }

    /// The graph as a picture: an SVG of its own, light or dark as the reader prefers (feature `view`).
    ///
    /// At most 400 vertices are drawn, whatever [`at_most`](Self::at_most) says.
    #[cfg(feature = "view")]
    #[must_use]
    pub fn to_svg(&self) -> String {
        const MOST: usize = 400;
        let options = Options { most: self.options.most.min(MOST), ..self.options.clone() };
        let mut drawing = drawing(self.listing, &options);
        references::shorten(&mut drawing);
        svg::write(&drawing)
    }

    /// What evcxr calls to display a value in a Jupyter notebook: prints the picture (feature `view`).
    #[cfg(feature = "view")]
    pub fn evcxr_display(&self) {
        super::notebook::show("image/svg+xml", &self.to_svg());
    }
}

impl fmt::Display for Graph<'_> {
    /// A tree of lines: below each operation, its operands. One that is used several times is shown in full once, and
    /// then referred to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::write(&drawing(self.listing, &self.options)))
    }
}
