//! Columns of a table as numbers: what is learnt from a training table, and applied to every other.

use super::cells::Table;
use super::feature::{Feature, Kind, Missing, Scaling};
use crate::nn::data::{Data, Scaler};
use crate::nn::error::Error;

/// Turns columns of a table into rows of numbers: numbers are filled in and scaled, categories one-hot encoded. Means, scales and
/// categories are learnt from one table, the training table, by [`fit`](Self::fit), and applied to any other, so that the same
/// cells always give the same numbers, and nothing is learnt from test data. Keep the encoder together with the network, as
/// [`Model`](crate::nn::Model) does.
///
/// ```
/// use tapegrad::nn::{Encoder, Feature, Missing, Scaling, Table};
///
/// let train = Table::parse("age,country,rent\n20,DE,500\nNA,FR,900\n40,DE,700\n", true)?;
/// let inputs = Encoder::fit(
///     &train,
///     &[
///         Feature::number("age").missing(Missing::Mean).scaling(Scaling::MinMax),
///         Feature::category("country").missing(Missing::Category),
///     ],
/// )?;
/// let targets = Encoder::fit(&train, &[Feature::number("rent")])?;
/// assert_eq!(inputs.names(), ["age", "country = DE", "country = FR", "country is missing"]);
///
/// let data = inputs.data(&targets, &train)?;
/// assert_eq!(data.input(1), [0.5, 0.0, 1.0, 0.0]);
///
/// // Another table: its columns may have another order, and its scales and categories are those of the training table.
/// let test = Table::parse("country,age\nDE,25\n,30\n", true)?;
/// assert_eq!(inputs.rows(&test)?, [[0.25, 1.0, 0.0, 0.0], [0.5, 0.0, 0.0, 1.0]]);
/// let other = Table::parse("country,age\nUS,25\n", true)?;
/// assert_eq!(
///     inputs.rows(&other).unwrap_err().to_string(),
///     "csv, row 2, column 1 (`country`): `US` is not one of the classes `DE`, `FR`"
/// );
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Encoder {
    columns: Vec<Learnt>,
}

/// A column with what was learnt of it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Learnt {
    name: String,
    /// Whether rows with missing cells are left out; else they are an error, unless there is something to fill in.
    drops_missing: bool,
    coding: Coding,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
enum Coding {
    Number { fill: Option<f64>, scaler: Option<Scaler> },
    Category { names: Vec<String>, drops_first: bool, ignores_unknown: bool, has_missing: bool },
}

impl Encoder {
    /// Learns how to encode these columns from the training table: means and medians of the numbers that are not missing, scales
    /// after they are filled in, categories. Rows that are left out teach nothing.
    ///
    /// # Errors
    /// [`Error::Column`] if there is no such column, or it has nothing to learn from; [`Error::Cell`] if a cell is not a finite
    /// number or one of the listed categories, or is missing and refused; [`Error::Setting`] if the way of filling in does not fit the column, or
    /// a category is listed twice; [`Error::NoSamples`] if there are no features, or no rows.
    pub fn fit(table: &Table, features: &[Feature]) -> Result<Encoder, Error> {
        if features.is_empty() {
            return Err(Error::NoSamples(": no features are given to an encoder"));
        }
        let mut kept: Vec<usize> = (0..table.rows()).collect();
        for feature in features.iter().filter(|feature| feature.missing == Missing::Drop) {
            let column = table.column(&feature.name)?;
            kept.retain(|&row| !table.is_missing(table.text_of(row * table.width + column)));
        }
        if kept.is_empty() {
            return Err(Error::NoSamples(" to learn an encoding from: the table has no complete rows"));
        }
        let columns =
            features.iter().map(|feature| Learnt::new(table, &kept, feature)).collect::<Result<_, _>>()?;
        Ok(Encoder { columns })
    }

    /// The number of columns of the encoded rows.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.iter().map(|column| column.coding.width()).sum()
    }

    /// The names of the columns of the encoded rows: `age`, `country = DE`, `country is missing`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().flat_map(Learnt::names).collect()
    }

    /// The categories of a column, in order: for [`Model::naming_classes`](crate::nn::Model::naming_classes) if it is the target.
    /// `None` if it is not a column of categories of this encoder.
    #[must_use]
    pub fn categories(&self, name: &str) -> Option<&[String]> {
        match &self.columns.iter().find(|column| column.name == name)?.coding {
            Coding::Category { names, .. } => Some(names),
            Coding::Number { .. } => None,
        }
    }

    /// The encoded rows of a table. Columns are found by their names.
    ///
    /// # Errors
    /// [`Error::Column`] if the table lacks a column; [`Error::Cell`] if a cell is not a finite number, is a category that is not known, or
    /// is missing where that is refused, or would leave out its row: see [`data`](Self::data) and
    /// [`complete_rows`](Self::complete_rows).
    pub fn rows(&self, table: &Table) -> Result<Vec<Vec<f64>>, Error> {
        self.rows_of(table, &(0..table.rows()).collect::<Vec<_>>())
    }

    /// The rows of a table that are not left out because a cell is missing.
    ///
    /// # Errors
    /// [`Error::Column`] if the table lacks a column.
    pub fn complete_rows(&self, table: &Table) -> Result<Vec<usize>, Error> {
        let mut kept: Vec<usize> = (0..table.rows()).collect();
        for learnt in self.columns.iter().filter(|learnt| learnt.drops_missing) {
            let column = table.column(&learnt.name)?;
            kept.retain(|&row| !table.is_missing(table.text_of(row * table.width + column)));
        }
        Ok(kept)
    }

    /// The encoded rows as inputs, and those of `targets` as targets. Rows that either leaves out are left out.
    ///
    /// # Errors
    /// As [`rows`](Self::rows), for both.
    pub fn data(&self, targets: &Encoder, table: &Table) -> Result<Data, Error> {
        let in_both = |rows: Vec<usize>, others: Vec<usize>| -> Vec<usize> {
            rows.into_iter().filter(|row| others.binary_search(row).is_ok()).collect()
        };
        let kept = in_both(self.complete_rows(table)?, targets.complete_rows(table)?);
        Data::new(&self.rows_of(table, &kept)?, &targets.rows_of(table, &kept)?)
    }

    fn rows_of(&self, table: &Table, kept: &[usize]) -> Result<Vec<Vec<f64>>, Error> {
        let width = self.width();
        let mut rows: Vec<Vec<f64>> = kept.iter().map(|_| Vec::with_capacity(width)).collect();
        for learnt in &self.columns {
            let column = table.column(&learnt.name)?;
            for (&row, numbers) in kept.iter().zip(&mut rows) {
                learnt.encode(table, row, column, numbers)?;
            }
        }
        Ok(rows)
    }
}

impl Learnt {
    fn new(table: &Table, kept: &[usize], feature: &Feature) -> Result<Learnt, Error> {
        let Feature { name, kind, missing } = feature;
        let refuse = |problem: &str| Err(Error::Setting(format!("the column `{name}`: {problem}")));
        let column = table.column(name)?;
        let cell = |row: usize| table.text_of(row * table.width + column);
        let coding = match kind {
            Kind::Number(_) if *missing == Missing::Category => {
                return refuse(
                    "a number has no category of its own where it is missing; fill in a mean or median",
                );
            }
            Kind::Category { .. } if matches!(missing, Missing::Mean | Missing::Median) => {
                return refuse(
                    "categories have no mean and no median; missing ones can be a category of their own",
                );
            }
            Kind::Number(scaling) => {
                let mut numbers = Vec::with_capacity(kept.len());
                let is_number = |row: &&usize| !table.is_missing(cell(**row));
                for &row in kept.iter().filter(is_number) {
                    numbers.push(table.number(row, column)?);
                }
                let fill = match missing {
                    Missing::Mean | Missing::Median if numbers.is_empty() => {
                        let problem = "all cells are missing, so they have no mean and no median".to_owned();
                        let column = name.clone();
                        return Err(Error::Column { source_name: table.source.clone(), column, problem });
                    }
                    Missing::Mean => Some(numbers.iter().sum::<f64>() / numbers.len() as f64),
                    Missing::Median => Some(median(&mut numbers.clone())),
                    _ => None,
                };
                let gaps = kept.len() - numbers.len();
                numbers.extend(fill.into_iter().cycle().take(gaps));
                let scaler = match scaling {
                    Scaling::None => None,
                    // A missing cell that is refused is named below.
                    _ if numbers.is_empty() => None,
                    Scaling::Standard => Some(Scaler::standard_of(&numbers, 1)?),
                    Scaling::MinMax => Some(Scaler::min_max_of(&numbers, 1)?),
                };
                Coding::Number { fill, scaler }
            }
            Kind::Category { names, drops_first, ignores_unknown } => {
                let names = match names {
                    Some(listed) => listed.clone(),
                    None => {
                        let cells = kept.iter().map(|&row| cell(row)).filter(|cell| !table.is_missing(cell));
                        let found: std::collections::BTreeSet<&str> = cells.collect();
                        found.into_iter().map(str::to_owned).collect()
                    }
                };
                if let Some(twice) = (1..names.len()).find(|&k| names[..k].contains(&names[k])) {
                    return refuse(&format!("the category `{}` is listed twice", names[twice]));
                }
                let [drops_first, ignores_unknown] = [*drops_first, *ignores_unknown];
                let has_missing = *missing == Missing::Category;
                Coding::Category { names, drops_first, ignores_unknown, has_missing }
            }
        };
        let learnt = Learnt { name: name.clone(), drops_missing: *missing == Missing::Drop, coding };
        let mut numbers = Vec::new();
        for &row in kept {
            numbers.clear();
            learnt.encode(table, row, column, &mut numbers)?;
        }
        if learnt.coding.width() == 0 {
            let problem = "no column is left of its categories".to_owned();
            return Err(Error::Column { source_name: table.source.clone(), column: learnt.name, problem });
        }
        Ok(learnt)
    }

    /// Appends the numbers of a cell.
    fn encode(&self, table: &Table, row: usize, column: usize, numbers: &mut Vec<f64>) -> Result<(), Error> {
        let cell = table.text_of(row * table.width + column);
        let is_missing = table.is_missing(cell);
        match &self.coding {
            Coding::Number { fill, scaler } => {
                let number = match fill {
                    Some(fill) if is_missing => *fill,
                    _ if is_missing => return Err(missing(table, row, column, cell, "`Missing::Mean`")),
                    _ => table.number(row, column)?,
                };
                numbers.push(number);
                let own = numbers.len() - 1..;
                scaler.iter().for_each(|scaler| scaler.apply(&mut numbers[own.clone()]));
            }
            Coding::Category { names, drops_first, ignores_unknown, has_missing } => {
                if is_missing && !has_missing {
                    return Err(missing(table, row, column, cell, "`Missing::Category`"));
                }
                let class =
                    if is_missing { Some(names.len()) } else { names.iter().position(|name| name == cell) };
                if class.is_none() && !ignores_unknown {
                    return Err(table.unknown_class(row, column, names));
                }
                let columns = names.len() + usize::from(*has_missing);
                numbers.extend((usize::from(*drops_first)..columns).map(|k| f64::from(class == Some(k))));
            }
        }
        Ok(())
    }

    fn names(&self) -> Vec<String> {
        let own = &self.name;
        match &self.coding {
            Coding::Number { .. } => vec![own.clone()],
            Coding::Category { names, drops_first, has_missing, .. } => {
                let named = names.iter().map(|name| format!("{own} = {name}"));
                let of_missing = has_missing.then(|| format!("{own} is missing"));
                named.chain(of_missing).skip(usize::from(*drops_first)).collect()
            }
        }
    }
}

impl Coding {
    fn width(&self) -> usize {
        match self {
            Coding::Number { .. } => 1,
            Coding::Category { names, drops_first, has_missing, .. } => {
                (names.len() + usize::from(*has_missing)).saturating_sub(usize::from(*drops_first))
            }
        }
    }
}

/// The error of a missing cell.
fn missing(table: &Table, row: usize, column: usize, cell: &str, way: &str) -> Error {
    let found = if cell.is_empty() {
        "the cell is empty".to_owned()
    } else {
        format!("`{cell}` stands for a missing cell")
    };
    table.problem(
        row,
        column,
        format!("{found}; leave out such rows by `Missing::Drop`, or fill in by {way}"),
    )
}

/// The median; the mean of both middle numbers if there are two. Sorts the list.
fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() % 2 {
        1 => numbers[half],
        // Halves, so that their sum does not overflow.
        _ => numbers[half - 1] / 2.0 + numbers[half] / 2.0,
    }
}
