//! The cells of a table.

use super::format::TableFormat;
use crate::nn::error::Error;
use indexmap::{IndexMap, IndexSet};
use std::ops::Range;

/// The cells of a CSV file, in rows of equal length: as numbers and classes by the methods here, or as inputs of a network by an
/// [`Encoder`](super::Encoder), which knows columns by name, categories, and what to do with missing cells. Spaces around a cell are not part
/// of it.
///
/// ```
/// use tapegrad::nn::Table;
///
/// let table = Table::parse("length,species\n5.1,setosa\n7.0,versicolor\n4.9,setosa\n", true)?;
/// assert_eq!(table.numbers(0..1)?, [[5.1], [7.0], [4.9]]);
/// let (classes, names) = table.classes(1)?;
/// assert_eq!((classes, &names[..]), (vec![0, 1, 0], &["setosa".to_owned(), "versicolor".to_owned()][..]));
///
/// // Another table of the same classes is numbered by their names.
/// let other = Table::parse("length,species\n6.4,versicolor\n", true)?;
/// assert_eq!(other.classes_as(1, &names)?, [1]);
///
/// let error = Table::parse("1,2\n3,four\n", false)?.numbers(0..2).unwrap_err();
/// assert_eq!(error.to_string(), "csv, row 2, column 2: `four` is not a number");
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub(super) source: String,
    pub(super) format: TableFormat,
    pub(super) header: Option<Vec<String>>,
    /// The text of all cells, row by row, and where each of them ends.
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
    pub(super) width: usize,
    /// The line of each row in the file.
    pub(super) lines: Vec<usize>,
}

impl Table {
    /// The header, if there is one.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The number of rows, without the header.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.width
    }

    /// The index of the column with this name.
    ///
    /// # Errors
    /// [`Error::Column`] if no column of the header has this name, or several have.
    pub fn column(&self, name: &str) -> Result<usize, Error> {
        let header = self.header.as_deref().unwrap_or_default();
        let mut found = (0..header.len()).filter(|&k| header[k] == name);
        let problem = match (found.next(), found.next()) {
            (Some(column), None) => return Ok(column),
            (Some(_), Some(_)) => "several columns have this name; rename them in the file".to_owned(),
            _ if self.header.is_none() => "the table was read without a header".to_owned(),
            _ => {
                let names =
                    header.iter().take(20).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let more = if header.len() > 20 { ", …" } else { "" };
                format!("the columns are {names}{more}")
            }
        };
        Err(Error::Column { source_name: self.source.clone(), column: name.to_owned(), problem })
    }

    /// The text of a cell, without spaces around it.
    ///
    /// # Errors
    /// [`Error::Cell`] if there is no such column.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn cell(&self, row: usize, column: usize) -> Result<&str, Error> {
        let rows = self.rows();
        assert!(row < rows, "there is no row {row}: there are {rows}, counted from 0");
        if column >= self.width {
            return Err(self.problem(row, column, format!("there are only {} columns", self.width)));
        }
        Ok(self.text_of(row * self.width + column))
    }

    /// The rows with these indices, in this order. Messages keep naming their lines in the file.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn select(&self, rows: &[usize]) -> Table {
        let count = self.rows();
        let mut selected =
            Table { text: String::new(), ends: Vec::new(), lines: Vec::new(), ..self.clone_head() };
        for &row in rows {
            assert!(row < count, "there is no row {row}: there are {count}, counted from 0");
            for cell in row * self.width..(row + 1) * self.width {
                selected.text.push_str(self.text_of(cell));
                selected.ends.push(selected.text.len());
            }
            selected.lines.push(self.lines[row]);
        }
        selected
    }

    /// Everything but the cells.
    fn clone_head(&self) -> Table {
        Table {
            source: self.source.clone(),
            format: self.format.clone(),
            header: self.header.clone(),
            text: String::new(),
            ends: Vec::new(),
            width: self.width,
            lines: Vec::new(),
        }
    }

    /// The text of the cell with this number, row by row.
    #[inline]
    pub(super) fn text_of(&self, cell: usize) -> &str {
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] };
        let cell = &self.text[start..self.ends[cell]];
        // Looking for other spaces takes longer than reading the number.
        let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        let (first, last) = (cell.as_bytes().first(), cell.as_bytes().last());
        if is_plain(first) && is_plain(last) { cell } else { cell.trim() }
    }

    /// Whether a cell stands for a missing value, by the format.
    pub(super) fn is_missing(&self, cell: &str) -> bool {
        cell.is_empty() || self.format.is_missing(cell)
    }

    /// These columns as numbers, row by row.
    ///
    /// # Errors
    /// [`Error::Cell`] if a cell is not a finite number, or there is no such column.
    pub fn numbers(&self, columns: Range<usize>) -> Result<Vec<Vec<f64>>, Error> {
        let width = columns.len();
        let mut rows = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            let mut numbers = Vec::with_capacity(width);
            for column in columns.clone() {
                // The error is large, so it is made only where there is one.
                let known = (column < self.width).then(|| self.text_of(row * self.width + column));
                match known.and_then(|cell| self.format.number(cell)).filter(|number| number.is_finite()) {
                    Some(number) => numbers.push(number),
                    None => numbers.push(self.number(row, column)?),
                }
            }
            rows.push(numbers);
        }
        Ok(rows)
    }

    /// A cell as a number.
    ///
    /// # Errors
    /// [`Error::Cell`] if it is not a finite number, or there is no such column.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn number(&self, row: usize, column: usize) -> Result<f64, Error> {
        let cell = self.cell(row, column)?;
        match self.format.number(cell) {
            Some(number) if number.is_finite() => Ok(number),
            Some(_) => Err(self.problem(row, column, format!("`{cell}` is not finite"))),
            None if cell.is_empty() => Err(self.problem(row, column, "the cell is empty".to_owned())),
            None => Err(self.problem(row, column, format!("`{cell}` is not a number"))),
        }
    }

    /// A column as classes, numbered in the order in which they first appear, and their names. The numbers depend
    /// on this order, and would differ for another table. So use this for the training samples, keep the names, for
    /// instance in a [`Model`](crate::nn::Model), and read every other table with [`classes_as`](Self::classes_as).
    ///
    /// # Errors
    /// [`Error::Cell`] if a cell is empty, or there is no such column.
    pub fn classes(&self, column: usize) -> Result<(Vec<usize>, Vec<String>), Error> {
        let mut names = IndexSet::new();
        let mut classes = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            classes.push(names.insert_full(self.class(row, column)?.to_owned()).0);
        }
        Ok((classes, names.into_iter().collect()))
    }

    /// A column as classes, numbered by these names: those of the training samples, or of a model
    /// ([`Model::classes`](crate::nn::Model::classes)).
    ///
    /// # Errors
    /// [`Error::Cell`] if a cell is empty or not one of the names, or there is no such column.
    pub fn classes_as(&self, column: usize, names: &[impl AsRef<str>]) -> Result<Vec<usize>, Error> {
        let numbers: IndexMap<&str, usize> =
            names.iter().enumerate().rev().map(|(k, name)| (name.as_ref(), k)).collect();
        let class = |row: usize| {
            let name = self.class(row, column)?;
            numbers.get(name).copied().ok_or_else(|| self.unknown_class(row, column, names))
        };
        (0..self.rows()).map(class).collect()
    }

    /// The error of a cell that is not one of these classes.
    pub(super) fn unknown_class(&self, row: usize, column: usize, names: &[impl AsRef<str>]) -> Error {
        let known: Vec<String> = names.iter().take(8).map(|name| format!("`{}`", name.as_ref())).collect();
        let more = if names.len() > 8 { ", …" } else { "" };
        let name = self.text_of(row * self.width + column);
        self.problem(row, column, format!("`{name}` is not one of the classes {}{more}", known.join(", ")))
    }

    fn class(&self, row: usize, column: usize) -> Result<&str, Error> {
        let cell = self.cell(row, column)?;
        if cell.is_empty() {
            return Err(self.problem(row, column, "the cell is empty".to_owned()));
        }
        Ok(cell)
    }

    pub(super) fn problem(&self, row: usize, column: usize, problem: String) -> Error {
        let name = self.header.as_ref().and_then(|header| header.get(column)).cloned();
        Error::Cell {
            source_name: self.source.clone(),
            row: self.lines[row],
            column: column + 1,
            name,
            problem,
        }
    }
}
