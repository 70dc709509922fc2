//! Tables from CSV files.

use crate::nn::error::Error;
use indexmap::{IndexMap, IndexSet};
use std::ops::Range;
use std::path::Path;

/// The cells of a CSV file, in rows of equal length.
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
    source: String,
    header: Option<Vec<String>>,
    cells: Vec<Vec<String>>,
    /// The line of each row in the file.
    lines: Vec<usize>,
}

impl Table {
    /// Reads a CSV file; with `has_header` the first row is a header.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Cell`] if rows differ in length, a cell is not UTF-8
    /// text, or its quotes are not balanced.
    pub fn read(path: impl AsRef<Path>, has_header: bool) -> Result<Table, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Table::of_bytes(&bytes, has_header, &path.display().to_string())
    }

    /// As [`read`](Self::read), for text in memory.
    ///
    /// # Errors
    /// [`Error::Cell`], as [`read`](Self::read).
    pub fn parse(text: &str, has_header: bool) -> Result<Table, Error> {
        Table::of_bytes(text.as_bytes(), has_header, "csv")
    }

    fn of_bytes(bytes: &[u8], has_header: bool, source: &str) -> Result<Table, Error> {
        let (mut cells, mut lines) = (Vec::<Vec<String>>::new(), Vec::new());
        let problem = |row: usize, column: usize, problem: String| Error::Cell {
            source_name: source.to_owned(),
            row,
            column,
            problem,
        };
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let records = records(bytes).map_err(|(line, column)| {
            let why =
                "the cell starts with a quote, and has to end with one; quotes in between have to be doubled";
            problem(line, column, why.to_owned())
        })?;
        for (line, raw) in records {
            let width = cells.first().map_or(raw.len(), Vec::len);
            if raw.len() != width {
                let (found, column) = (raw.len(), raw.len().min(width) + 1);
                return Err(problem(
                    line,
                    column,
                    format!("the row has {found} cells, the first has {width}"),
                ));
            }
            let text = |(k, cell): (usize, Vec<u8>)| match String::from_utf8(cell) {
                Ok(text) => Ok(text.trim().to_owned()),
                Err(_) => Err(problem(line, k + 1, "the cell is not UTF-8 text".to_owned())),
            };
            cells.push(raw.into_iter().enumerate().map(text).collect::<Result<_, _>>()?);
            lines.push(line);
        }
        let header = (has_header && !cells.is_empty()).then(|| {
            lines.remove(0);
            cells.remove(0)
        });
        Ok(Table { source: source.to_owned(), header, cells, lines })
    }

    /// The header, if there is one.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The number of rows, without the header.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.header.as_ref().or(self.cells.first()).map_or(0, Vec::len)
    }

    /// These columns as numbers, row by row.
    ///
    /// # Errors
    /// [`Error::Cell`] if a cell is not a finite number, or there is no such column.
    pub fn numbers(&self, columns: Range<usize>) -> Result<Vec<Vec<f64>>, Error> {
        let number = |row: usize, column: usize| {
            let cell = self.cell(row, column)?;
            match cell.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                Ok(_) => Err(self.problem(row, column, format!("`{cell}` is not finite"))),
                Err(_) if cell.is_empty() => Err(self.problem(row, column, "the cell is empty".to_owned())),
                Err(_) => Err(self.problem(row, column, format!("`{cell}` is not a number"))),
            }
        };
        (0..self.rows()).map(|row| columns.clone().map(|column| number(row, column)).collect()).collect()
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
            let unknown = || {
                let known: Vec<String> =
                    names.iter().take(8).map(|name| format!("`{}`", name.as_ref())).collect();
                let more = if names.len() > 8 { ", …" } else { "" };
                self.problem(
                    row,
                    column,
                    format!("`{name}` is not one of the classes {}{more}", known.join(", ")),
                )
            };
            numbers.get(name).copied().ok_or_else(unknown)
        };
        (0..self.rows()).map(class).collect()
    }

    fn class(&self, row: usize, column: usize) -> Result<&str, Error> {
        let cell = self.cell(row, column)?;
        if cell.is_empty() {
            return Err(self.problem(row, column, "the cell is empty".to_owned()));
        }
        Ok(cell)
    }

    fn cell(&self, row: usize, column: usize) -> Result<&str, Error> {
        let problem = || self.problem(row, column, format!("there are only {} columns", self.columns()));
        self.cells[row].get(column).map(String::as_str).ok_or_else(problem)
    }

    fn problem(&self, row: usize, column: usize, problem: String) -> Error {
        Error::Cell { source_name: self.source.clone(), row: self.lines[row], column: column + 1, problem }
    }
}

/// Some programs write this before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The number of a line, and the cells of the record that starts there.
type Record = (usize, Vec<Vec<u8>>);

/// The records of a CSV file, or the line and column of the first cell whose quotes are not balanced. Blank lines
/// are skipped.
fn records(bytes: &[u8]) -> Result<Vec<Record>, (usize, usize)> {
    let mut reader = csv_core::Reader::new();
    let mut records = Vec::new();
    // A cell is at most as long as the file.
    let (mut cell, mut length) = (vec![0; bytes.len() + 1], 0);
    let mut record = Vec::new();
    let (mut line, mut counted) = (1, 0);
    // The start of the cell, and the position of the reader.
    let (mut start, mut position) = (0, 0);
    loop {
        if record.is_empty() && length == 0 {
            let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
            start = position + bytes[position..].iter().take_while(is_end).count();
            line += line_ends(&bytes[counted..start]);
            counted = start;
        }
        let (result, read, written) = reader.read_field(&bytes[position..], &mut cell[length..]);
        position += read;
        length += written;
        match result {
            csv_core::ReadFieldResult::Field { record_end } => {
                if !is_well_quoted(bytes.get(start..position).unwrap_or(b"")) {
                    return Err((line, record.len() + 1));
                }
                record.push(cell[..length].to_vec());
                (start, length) = (position, 0);
                if record_end {
                    records.push((line, std::mem::take(&mut record)));
                }
            }
            // The next call, without input, returns the last cell, if there is one.
            csv_core::ReadFieldResult::InputEmpty => {}
            csv_core::ReadFieldResult::OutputFull | csv_core::ReadFieldResult::End => return Ok(records),
        }
    }
}

/// The number of line ends: `\n`, `\r\n` or `\r`.
fn line_ends(bytes: &[u8]) -> usize {
    let is_end = |k: usize| bytes[k] == b'\n' || (bytes[k] == b'\r' && bytes.get(k + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(|&k| is_end(k)).count()
}

/// Whether a cell that starts with a quote ends with one, and all quotes in between are doubled. The CSV reader
/// does not check this: to it, an open quote extends a cell to the end of the file, and `"1"2` is 12.
fn is_well_quoted(cell: &[u8]) -> bool {
    let cell = match cell {
        [cell @ .., b',' | b'\r' | b'\n'] => cell,
        cell => cell,
    };
    let Some(rest) = cell.strip_prefix(b"\"") else { return true };
    let Some(inner) = rest.strip_suffix(b"\"") else { return false };
    let mut runs = inner.split(|&byte| byte != b'"');
    runs.all(|quotes| quotes.len().is_multiple_of(2))
}
