//! Where a matrix has entries.

use super::axis::Axis;
use super::error::{Error, expect_length};
use super::panel::{Layer, Marks, Panel, Point};
use super::picture::Plot;
use super::theme::{COLORS, Paint};
use std::collections::BTreeMap;

/// The most cells in one direction; in larger matrices, a cell stands for several entries.
const CELLS: usize = 240;

/// Larger matrices would lose digits of their row numbers.
const LARGEST: usize = 1 << 50;

/// The pattern of a matrix: the positions, as row and column, that are not always zero. With `colors`, a number for each
/// column: columns of one colour can be computed together. The numbers are written in the cells where there is room, so that
/// they are told apart without colours, of which there are six in turn.
///
/// Of a matrix with more than 240 rows or columns, each cell stands for a square of entries, and is drawn if one of them is
/// there; the labels of the axes say how large it is. A cell with entries of several colours is drawn in that of text.
///
/// ```
/// let arrow = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 2)];
/// let plot = tapegrad::plot::sparsity(3, 3, &arrow, Some(&[0, 1, 1]))?;
/// println!("{plot}");
/// # Ok::<(), tapegrad::plot::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for a matrix without rows or columns, [`Error::Unfit`] for an entry outside the matrix, or more than 2⁵⁰
/// rows or columns, [`Error::Length`] if there are not as many colours as columns.
pub fn sparsity(
    rows: usize,
    columns: usize,
    entries: &[(usize, usize)],
    colors: Option<&[usize]>,
) -> Result<Plot, Error> {
    if rows == 0 || columns == 0 {
        return Err(Error::Empty("the matrix has no rows or no columns"));
    }
    if rows.max(columns) > LARGEST {
        return Err(Error::Unfit(format!("a matrix of {rows} × {columns} is too large to draw")));
    }
    if let Some(colors) = colors {
        expect_length("colours of columns", columns, colors.len())?;
    }
    if let Some((row, column)) = entries.iter().find(|&&(row, column)| row >= rows || column >= columns) {
        return Err(Error::Unfit(format!(
            "the entry ({row}, {column}) is outside a matrix of {rows} × {columns}"
        )));
    }
    let side = rows.max(columns).div_ceil(CELLS);

    // The colour of each cell, counted in cells; `None` for several.
    let mut cells: BTreeMap<(usize, usize), Option<usize>> = BTreeMap::new();
    for &(row, column) in entries {
        let color = colors.map_or(0, |colors| colors[column]);
        let cell = cells.entry((row / side, column / side)).or_insert(Some(color));
        *cell = cell.filter(|&known| known == color);
    }
    let mut by_color: BTreeMap<Option<usize>, Vec<(usize, usize)>> = BTreeMap::new();
    for (cell, color) in cells {
        by_color.entry(color).or_default().push(cell);
    }

    let most = by_color.len();
    let mut layers = Vec::new();
    for (color, cells) in by_color {
        let paint = color.map_or(Paint::Ink, Paint::Series);
        let corners = |&(row, column): &(usize, usize)| {
            let (top, left) = (-((row * side) as f64), (column * side) as f64);
            let (bottom, right) =
                (-(rows.min((row + 1) * side) as f64), columns.min((column + 1) * side) as f64);
            [[left - 0.5, top + 0.5], [right - 0.5, bottom + 0.5]]
        };
        let mut layer = Layer::new(paint, Marks::Cells(cells.iter().map(corners).collect()));
        if colors.is_some() && most <= 2 * COLORS {
            layer =
                layer.named(color.map_or("several colours".to_owned(), |color| format!("colour {color}")));
        }
        layers.push(layer);
        if let (Some(color), true, 1) = (color, colors.is_some(), side) {
            let at = |&(row, column): &(usize, usize)| -> Point { [column as f64, -(row as f64)] };
            let numbers = cells.iter().map(|cell| (at(cell), color.to_string())).collect();
            layers.push(Layer::new(Paint::OnSeries(color), Marks::Texts(numbers, [1.0, 1.0])));
        }
    }

    let label = |what: &str| match side {
        1 => what.to_owned(),
        side => format!("{what} (a cell is {side} × {side})"),
    };
    let x = Axis::cells(&label("column"), columns);
    let y = Axis::cells_down(&label("row"), rows);
    let height = 80.0 + (480.0 * rows as f64 / columns as f64).clamp(120.0, 640.0);
    Ok(Plot::new(vec![Panel { x, y, layers, height }]))
}
