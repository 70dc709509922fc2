//! Tables from CSV files.

use crate::nn::error::Error;
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
/// assert_eq!((classes, names), (vec![0, 1, 0], vec!["setosa".to_owned(), "versicolor".to_owned()]));
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
    /// Reads a CSV file; the first row is a header if there is one.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Cell`] if a row is longer or shorter than the first, or
    /// not text.
    pub fn read(path: impl AsRef<Path>, has_header: bool) -> Result<Table, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Table::of_bytes(&bytes, has_header, &path.display().to_string())
    }

    /// As [`read`](Self::read), of text in memory.
    ///
    /// # Errors
    /// As [`read`](Self::read).
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
        for (line, raw) in records(bytes) {
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
                Err(_) => Err(problem(line, k + 1, "the cell is no text in UTF-8".to_owned())),
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

    /// The first row, if it is a header.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// How many rows there are, besides the header.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    /// How many columns there are.
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

    /// A column as classes, numbered in the order in which they first appear, and their names.
    ///
    /// # Errors
    /// [`Error::Cell`] if a cell is empty, or there is no such column.
    pub fn classes(&self, column: usize) -> Result<(Vec<usize>, Vec<String>), Error> {
        let mut names = indexmap::IndexSet::new();
        let mut classes = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            let cell = self.cell(row, column)?;
            if cell.is_empty() {
                return Err(self.problem(row, column, "the cell is empty".to_owned()));
            }
            classes.push(names.insert_full(cell.to_owned()).0);
        }
        Ok((classes, names.into_iter().collect()))
    }

    fn cell(&self, row: usize, column: usize) -> Result<&str, Error> {
        let problem = || self.problem(row, column, format!("there are only {} columns", self.columns()));
        self.cells[row].get(column).map(String::as_str).ok_or_else(problem)
    }

    fn problem(&self, row: usize, column: usize, problem: String) -> Error {
        Error::Cell { source_name: self.source.clone(), row: self.lines[row], column: column + 1, problem }
    }
}

/// The records of a CSV file, each with its line and its cells. Blank lines are passed over.
fn records(bytes: &[u8]) -> Vec<(usize, Vec<Vec<u8>>)> {
    let mut reader = csv_core::Reader::new();
    let mut records = Vec::new();
    // No cell is longer than the file.
    let (mut cell, mut length) = (vec![0; bytes.len() + 1], 0);
    let mut record = Vec::new();
    let (mut line, mut counted) = (1, 0);
    let mut position = 0;
    loop {
        if record.is_empty() && length == 0 {
            let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
            let start = position + bytes[position..].iter().take_while(is_end).count();
            line += bytes[counted..start].iter().filter(|&&byte| byte == b'\n').count();
            counted = start;
        }
        let (result, read, written) = reader.read_field(&bytes[position..], &mut cell[length..]);
        position += read;
        length += written;
        match result {
            csv_core::ReadFieldResult::Field { record_end } => {
                record.push(cell[..length].to_vec());
                length = 0;
                if record_end {
                    records.push((line, std::mem::take(&mut record)));
                }
            }
            // The next call, of no input, says whether a cell is left.
            csv_core::ReadFieldResult::InputEmpty => {}
            csv_core::ReadFieldResult::OutputFull | csv_core::ReadFieldResult::End => return records,
        }
    }
}
