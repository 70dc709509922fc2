//! How a file with a table is written.

use crate::nn::error::Error;

/// How a file with a table is written: its delimiter, its decimal sign, whether it has a header, and which cells are missing.
/// By default as most CSV files: commas, points, a header, and missing cells are empty or `NA`.
///
/// ```
/// use tapegrad::nn::TableFormat;
///
/// let german = TableFormat::new().delimiter(';').decimal_sign(',').missing(&["k. A."]);
/// let table = german.parse("Größe;Land\n1,85;DE\nk. A.;FR\n")?;
/// assert_eq!((table.column("Größe")?, table.number(0, 0)?), (0, 1.85));
/// assert_eq!(table.number(1, 0).unwrap_err().to_string(), "csv, row 3, column 1 (`Größe`): `k. A.` is not a number");
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a format reads with `read`"]
pub struct TableFormat {
    pub(super) delimiter: char,
    pub(super) decimal_sign: char,
    pub(super) has_header: bool,
    missing: Vec<String>,
}

impl Default for TableFormat {
    fn default() -> TableFormat {
        TableFormat { delimiter: ',', decimal_sign: '.', has_header: true, missing: vec!["NA".to_owned()] }
    }
}

impl TableFormat {
    /// The default format.
    pub fn new() -> TableFormat {
        TableFormat::default()
    }

    /// The character between cells: an ASCII character, `;` or `\t` for instance.
    pub fn delimiter(self, delimiter: char) -> TableFormat {
        TableFormat { delimiter, ..self }
    }

    /// The decimal sign of numbers: `.` or `,`. Thousands have no sign.
    pub fn decimal_sign(self, decimal_sign: char) -> TableFormat {
        TableFormat { decimal_sign, ..self }
    }

    /// Whether the first row has the names of the columns.
    pub fn header(self, has_header: bool) -> TableFormat {
        TableFormat { has_header, ..self }
    }

    /// The cells that stand for missing values, in addition to empty ones, instead of `NA`.
    pub fn missing(self, missing: &[&str]) -> TableFormat {
        TableFormat { missing: missing.iter().map(|&cell| cell.to_owned()).collect(), ..self }
    }

    /// An error if the format is ambiguous.
    pub(super) fn check(&self) -> Result<(), Error> {
        let TableFormat { delimiter, decimal_sign, .. } = *self;
        let problem = if !delimiter.is_ascii() || "\"\r\n".contains(delimiter) {
            format!(
                "{delimiter:?} cannot delimit cells; it has to be an ASCII character other than a quote or line end"
            )
        } else if !matches!(decimal_sign, '.' | ',') {
            format!("{decimal_sign:?} cannot be a decimal sign; it has to be a point or a comma")
        } else if delimiter == decimal_sign {
            format!(
                "{delimiter:?} cannot delimit cells and be the decimal sign too; set the other `delimiter`"
            )
        } else {
            return Ok(());
        };
        Err(Error::Setting(problem))
    }

    /// The number that a cell contains, which may be infinite or NaN.
    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        match self.decimal_sign {
            ',' if cell.contains('.') => None,
            ',' => cell.replace(',', ".").parse().ok(),
            _ => cell.parse().ok(),
        }
    }

    pub(super) fn is_missing(&self, cell: &str) -> bool {
        self.missing.iter().any(|missing| missing == cell)
    }
}
