//! From the bytes of a CSV file to a table.

use super::cells::Table;
use super::format::TableFormat;
use crate::nn::error::Error;
use csv_core::ReadRecordResult;
use std::path::Path;

/// Some programs write this before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl TableFormat {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Setting`] if the format is ambiguous; [`Error::Cell`] if rows differ in
    /// length, a cell is not UTF-8 text, or its quotes are not balanced.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Table, Error> {
        let path = path.as_ref();
        self.check()?;
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        table_of(&bytes, self, &path.display().to_string())
    }

    /// As [`read`](Self::read), for text in memory.
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::Cell`], as [`read`](Self::read).
    pub fn parse(&self, text: &str) -> Result<Table, Error> {
        self.check()?;
        table_of(text.as_bytes(), self, "csv")
    }
}

impl Table {
    /// Reads a CSV file; with `has_header` the first row is a header.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Cell`] if rows differ in length, a cell is not UTF-8
    /// text, or its quotes are not balanced.
    pub fn read(path: impl AsRef<Path>, has_header: bool) -> Result<Table, Error> {
        TableFormat::new().header(has_header).read(path)
    }

    /// As [`read`](Self::read), for text in memory.
    ///
    /// # Errors
    /// [`Error::Cell`], as [`read`](Self::read).
    pub fn parse(text: &str, has_header: bool) -> Result<Table, Error> {
        TableFormat::new().header(has_header).parse(text)
    }
}

/// The table in these bytes. Blank lines are skipped.
fn table_of(bytes: &[u8], format: &TableFormat, source: &str) -> Result<Table, Error> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut cells = Cells::read(bytes, format.delimiter as u8, source)?;
    let mut header = None;
    let mut names = 0;
    if format.has_header && !cells.lines.is_empty() {
        cells.lines.remove(0);
        let text = String::from_utf8_lossy(&cells.text);
        let starts = std::iter::once(0).chain(cells.ends.iter().copied());
        let of_cell = |(start, &end): (usize, &usize)| text[start..end].trim().to_owned();
        header = Some(starts.zip(&cells.ends).take(cells.width).map(of_cell).collect());
        names = cells.ends[cells.width - 1];
    }
    let body = cells.text.split_off(names);
    let ends = cells.ends.iter().skip(if header.is_some() { cells.width } else { 0 });
    Ok(Table {
        source: source.to_owned(),
        format: format.clone(),
        ends: ends.map(|end| end - names).collect(),
        // Every cell was checked.
        text: String::from_utf8(body).expect("cells are UTF-8 text"),
        header,
        width: cells.width,
        lines: cells.lines,
    })
}

/// The cells of all records, the header included.
struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
    width: usize,
    lines: Vec<usize>,
}

impl Cells {
    fn read(bytes: &[u8], delimiter: u8, source: &str) -> Result<Cells, Error> {
        let problem = |row: usize, column: usize, problem: String| Error::Cell {
            source_name: source.to_owned(),
            row,
            column,
            name: None,
            problem,
        };
        let is_text = std::str::from_utf8(bytes).is_ok();
        let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // Cells without their delimiters are at most as long as the file.
        let mut cells =
            Cells { text: vec![0; bytes.len() + 1], ends: Vec::new(), width: 0, lines: Vec::new() };
        let mut record_ends = vec![0; 64];
        // The line, and up to where its ends are counted.
        let (mut line, mut counted) = (1, 0);
        let (mut position, mut written) = (0, 0);
        loop {
            let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
            let start = position + bytes[position..].iter().take_while(is_end).count();
            line += line_ends(&bytes[counted..start]);
            position = start;
            let (mut length, mut width) = (0, 0);
            loop {
                let (text, ends) = (&mut cells.text[written + length..], &mut record_ends[width..]);
                let (result, read, more, found) = reader.read_record(&bytes[position..], text, ends);
                (position, length, width) = (position + read, length + more, width + found);
                match result {
                    ReadRecordResult::OutputEndsFull => record_ends.resize(2 * record_ends.len(), 0),
                    // The next call, without input, gives the last record.
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::OutputFull => unreachable!("the text has room for all cells"),
                    ReadRecordResult::Record => break,
                    ReadRecordResult::End => {
                        cells.text.truncate(written);
                        return Ok(cells);
                    }
                }
            }
            let raw = &bytes[start..position];
            let has_quotes = raw.contains(&b'"');
            if let Some(column) = has_quotes.then(|| badly_quoted(raw, delimiter)).flatten() {
                let why = "the cell starts with a quote, and has to end with one; quotes in between have to be doubled";
                return Err(problem(line, column, why.to_owned()));
            }
            if cells.lines.is_empty() {
                cells.width = width;
            } else if width != cells.width {
                let column = width.min(cells.width) + 1;
                return Err(problem(
                    line,
                    column,
                    format!("the row has {width} cells, the first has {}", cells.width),
                ));
            }
            let mut cell_start = 0;
            for (column, &end) in record_ends[..width].iter().enumerate() {
                if !is_text && std::str::from_utf8(&cells.text[written..][cell_start..end]).is_err() {
                    return Err(problem(line, column + 1, "the cell is not UTF-8 text".to_owned()));
                }
                cells.ends.push(written + end);
                cell_start = end;
            }
            cells.lines.push(line);
            written += length;
            // Only quoted cells have line ends inside.
            counted = if has_quotes || position == start { start } else { position - 1 };
        }
    }
}

/// The number of line ends: `\n`, `\r\n` or `\r`.
fn line_ends(bytes: &[u8]) -> usize {
    let is_end = |k: usize| bytes[k] == b'\n' || (bytes[k] == b'\r' && bytes.get(k + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(|&k| is_end(k)).count()
}

/// The column, from 1, of the first cell of a record whose quotes are not balanced. The CSV reader does not check this: to it, an
/// open quote extends a cell to the end of the file, and `"1"2` is 12.
fn badly_quoted(record: &[u8], delimiter: u8) -> Option<usize> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let mut cell = vec![0; record.len() + 1];
    let mut position = 0;
    for column in 1.. {
        let start = position;
        loop {
            let (result, read, _) = reader.read_field(&record[position..], &mut cell);
            position += read;
            match result {
                csv_core::ReadFieldResult::InputEmpty => {}
                csv_core::ReadFieldResult::Field { record_end } => {
                    if !is_well_quoted(&record[start..position], delimiter) {
                        return Some(column);
                    }
                    if record_end {
                        return None;
                    }
                    break;
                }
                csv_core::ReadFieldResult::OutputFull | csv_core::ReadFieldResult::End => return None,
            }
        }
    }
    None
}

/// Whether a cell that starts with a quote ends with one, and all quotes in between are doubled.
fn is_well_quoted(cell: &[u8], delimiter: u8) -> bool {
    let cell = match cell {
        [cell @ .., last] if [delimiter, b'\r', b'\n'].contains(last) => cell,
        cell => cell,
    };
    let Some(rest) = cell.strip_prefix(b"\"") else { return true };
    let Some(inner) = rest.strip_suffix(b"\"") else { return false };
    let mut runs = inner.split(|&byte| byte != b'"');
    runs.all(|quotes| quotes.len().is_multiple_of(2))
}
