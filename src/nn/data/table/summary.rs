//! What was read, column by column.

use super::cells::Table;
use indexmap::IndexMap;
use std::fmt;

impl Table {
    /// What was read: for each column its name, how many cells are missing, and the range of its numbers, or how many different
    /// texts it has, with the most frequent one. A column is one of numbers if all cells that are not missing are numbers.
    ///
    /// ```
    /// use tapegrad::nn::Table;
    ///
    /// let table = Table::parse("age,country\n20,DE\nNA,FR\n40,DE\n", true)?;
    /// println!("{}", table.summary());
    /// # assert_eq!(table.summary().lines().nth(2), Some("     1  age      numbers         1  20 to 40, mean 30"));
    /// # assert_eq!(table.summary().lines().nth(3), Some("     2  country  texts           0  2 different, most often `DE` (2)"));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    /// ```text
    /// csv: 3 rows of 2 columns
    /// column  name     contents  missing
    ///      1  age      numbers         1  20 to 40, mean 30
    ///      2  country  texts           0  2 different, most often `DE` (2)
    /// ```
    #[must_use]
    pub fn summary(&self) -> String {
        self.to_string()
    }

    /// The contents of a column: whether they are numbers, how many are missing, and in words.
    fn describe(&self, column: usize) -> (&'static str, usize, String) {
        let cells = || (0..self.rows()).map(|row| self.text_of(row * self.width + column));
        let missing = cells().filter(|cell| self.is_missing(cell)).count();
        let present = || cells().filter(|cell| !self.is_missing(cell));
        if missing == self.rows() {
            return ("nothing", missing, String::new());
        }
        let numbers: Option<Vec<f64>> = present().map(|cell| self.format.number(cell)).collect();
        if let Some(numbers) = numbers {
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            return ("numbers", missing, format!("{low} to {high}, mean {mean}"));
        }
        let mut counts = IndexMap::<&str, usize>::new();
        present().for_each(|cell| *counts.entry(cell).or_default() += 1);
        let most = counts.iter().map(|(_, &count)| count).max().unwrap_or(0);
        let first = counts.iter().find(|(_, count)| **count == most).map_or("", |(cell, _)| cell);
        ("texts", missing, format!("{} different, most often `{first}` ({most})", counts.len()))
    }
}

/// The table of [`summary`](Table::summary).
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |k: usize| self.header().map_or("", |header| &header[k]);
        let width = (0..self.width).map(|k| name(k).chars().count()).max().unwrap_or(0).max(4);
        writeln!(f, "{}: {} rows of {} columns", self.source, self.rows(), self.width)?;
        write!(f, "column  {:<width$}  contents  missing", "name")?;
        for k in 0..self.width {
            let (contents, missing, words) = self.describe(k);
            let line = format!("{:>6}  {:<width$}  {contents:<8}  {missing:>7}  {words}", k + 1, name(k));
            write!(f, "\n{}", line.trim_end())?;
        }
        Ok(())
    }
}
