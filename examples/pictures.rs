//! The pictures of the guide. Each is computed here, from the numbers that its chapter prints.
//!
//! `cargo run --release --example pictures --features view` compares them with those in `docs/guide/pictures`; with
//! `-- --update` it writes them. Of each picture there are two files: the SVG, and one line of Markdown that has it as data, for
//! the crate's documentation, which cannot show files.

use pictures::{graphs, plots, valley};
use std::error::Error;
use std::fs;
use std::path::Path;

mod pictures {
    pub mod chart;
    pub mod graphs;
    pub mod plots;
    pub mod valley;
}

/// The name of a picture and how it is made.
type Picture = (&'static str, fn() -> Result<String, Box<dyn Error>>);

const PICTURES: [Picture; 33] = [
    ("valley", || Ok(valley::valley())),
    ("expression-graph", graphs::expression),
    ("walk-before", || graphs::walk(&[])),
    ("walk-sum", || graphs::walk(&[2, 3, 4, 5])),
    ("walk-sin", || graphs::walk(&[0, 2, 3, 4, 5])),
    ("walk-done", || graphs::walk(&[0, 1, 2, 3, 4, 5])),
    ("shares-graph", graphs::shares),
    ("absolute-error", plots::absolute_error),
    ("squared-error", plots::squared_error),
    ("sigmoid-and-slope", plots::sigmoid),
    ("petals", plots::petals),
    ("two-species", plots::two_species),
    ("three-batch-sizes", plots::three_batch_sizes),
    ("neuron-graph", graphs::neuron),
    ("two-two-two-graph", graphs::two_two_two),
    ("own-graph", graphs::own),
    ("moons-boundary", plots::moons_boundary),
    ("overfitting", plots::overfitting),
    ("sine-fit", plots::sine_fit),
    ("rate-finder", plots::rate_finder),
    ("iris-confusion", plots::iris_confusion),
    ("difference-errors", plots::difference_errors),
    ("guard-graph", graphs::guard),
    ("preamble-graph", graphs::preamble),
    ("folded-graph", graphs::folded),
    ("calls-graph", graphs::calls),
    ("springs-graph", graphs::springs),
    ("softplus", plots::softplus),
    ("determinant", graphs::determinant),
    ("misra1a", plots::misra1a),
    ("gradient-by-layer", plots::gradient_by_layer),
    ("quartic-graph", graphs::quartic),
    ("quartic-slope-graph", graphs::quartic_slope),
];

fn main() -> Result<(), Box<dyn Error>> {
    let is_update = match std::env::args().nth(1).as_deref() {
        None | Some("--check") => false,
        Some("--update") => true,
        Some(other) => return Err(format!("`{other}`? Give `--check` (the default) or `--update`").into()),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/pictures");
    let mut expected = Vec::new();
    for (name, make) in PICTURES {
        let svg = make()?;
        println!("{name:<20}{:>7} bytes", svg.len());
        expected.push((format!("{name}.md"), format!("[{name}]: data:image/svg+xml,{}\n", escaped(&svg))));
        expected.push((format!("{name}.svg"), svg));
    }
    if is_update {
        fs::create_dir_all(&folder)?;
        for (name, text) in &expected {
            fs::write(folder.join(name), text)?;
        }
    }

    let mut wrong = Vec::new();
    for (name, text) in &expected {
        match fs::read_to_string(folder.join(name)) {
            Ok(found) if found == *text => {}
            Ok(_) => wrong.push(format!("{name} is not what is made now")),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !expected.iter().any(|(expected, _)| *expected == name) {
            wrong.push(format!("{name} is no picture of the guide: delete it"));
        }
    }
    if !wrong.is_empty() {
        eprintln!("{}\nIf a change is meant, and looked at: `-- --update`", wrong.join("\n"));
        std::process::exit(1);
    }
    println!("{} pictures, as they are in {}", PICTURES.len(), folder.display());
    Ok(())
}

/// A text as a part of a URL that stands in Markdown.
fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/:;,=".contains(&byte);
    let of_byte =
        |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.trim_end().bytes().map(of_byte).collect()
}
