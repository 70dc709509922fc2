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
    let Cells { header, text, ends, width, lines } = Cells::read(bytes, format, source)?;
    Ok(Table {
        source: source.to_owned(),
        format: format.clone(),
        header,
        // Every cell was checked.
        text: String::from_utf8(text).expect("cells are UTF-8 text"),
        ends,
        width,
        lines,
    })
}

/// The header, and the cells of all other records.
#[derive(Default)]
struct Cells {
    header: Option<Vec<String>>,
    text: Vec<u8>,
    ends: Vec<usize>,
    width: usize,
    lines: Vec<usize>,
}

impl Cells {
    fn read(bytes: &[u8], format: &TableFormat, source: &str) -> Result<Cells, Error> {
        let delimiter = format.delimiter as u8;
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
        let mut cells = Cells { text: vec![0; bytes.len() + 1], ..Cells::default() };
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
            let is_first = cells.header.is_none() && cells.lines.is_empty();
            if is_first {
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
            if is_first && format.has_header {
                cells.header = Some(header_of(&cells.text, &cells.ends));
                cells.ends.clear();
            } else {
                cells.lines.push(line);
                written += length;
            }
            // Only quoted cells have line ends inside.
            counted = if has_quotes || position == start { start } else { position - 1 };
        }
    }
}

/// The names in these cells, which were checked.
fn header_of(text: &[u8], ends: &[usize]) -> Vec<String> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let name = |(start, &end): (usize, &usize)| String::from_utf8_lossy(&text[start..end]).trim().to_owned();
    starts.zip(ends).map(name).collect()
}

/// The number of line ends: `\n`, `\r\n` or `\r`.
fn line_ends(bytes: &[u8]) -> usize {
    let is_end = |k: usize| bytes[k] == b'\n' || (bytes[k] == b'\r' && bytes.get(k + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(|&k| is_end(k)).count()
}

/// The column, from 1, of the first cell of a record whose quotes are not balanced: a cell that starts with a quote has to end
/// with one, and those in between are doubled. The CSV reader does not check this: to it, an open quote extends a cell to the end
/// of the file, and `"1"2` is 12.
fn badly_quoted(record: &[u8], delimiter: u8) -> Option<usize> {
    let is_end = |byte: &u8| [delimiter, b'\r', b'\n'].contains(byte);
    let mut rest = record;
    for column in 1.. {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = quoted;
            loop {
                let Some(quote) = rest.iter().position(|&byte| byte == b'"') else { return Some(column) };
                rest = &rest[quote + 1..];
                match rest.strip_prefix(b"\"") {
                    Some(after) => rest = after,
                    None => break,
                }
            }
            if rest.first().is_some_and(|byte| !is_end(byte)) {
                return Some(column);
            }
        }
        let Some(end) = rest.iter().position(is_end).filter(|&end| rest[end] == delimiter) else { break };
        rest = &rest[end + 1..];
    }
    None
}
