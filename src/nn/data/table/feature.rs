//! What becomes of a column.

/// A column of a table that an [`Encoder`](super::Encoder) turns into numbers, by its name.
///
/// ```
/// use tapegrad::nn::{Feature, Missing, Scaling};
///
/// let age = Feature::number("age").missing(Missing::Median).scaling(Scaling::Standard);
/// let country = Feature::category("country").missing(Missing::Category);
/// # let _ = (age, country);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "features are for `Encoder::fit`"]
pub struct Feature {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) missing: Missing,
}

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(Scaling),
    Category { names: Option<Vec<String>>, drops_first: bool, ignores_unknown: bool },
}

/// What to do with missing cells: empty ones, and those that the [`TableFormat`](super::TableFormat) names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Missing {
    /// They are an error.
    #[default]
    Refuse,
    /// Their rows are left out.
    Drop,
    /// They are replaced by the mean of the numbers of the training table.
    Mean,
    /// They are replaced by the median of the numbers of the training table.
    Median,
    /// They are a category of their own.
    Category,
}

/// How the numbers of a column are scaled, as by a [`Scaler`](crate::nn::Scaler). A column that does not vary is only shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scaling {
    /// Not at all.
    #[default]
    None,
    /// To mean 0 and (population) standard deviation 1.
    Standard,
    /// To the range from 0 to 1.
    MinMax,
}

impl Feature {
    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Feature {
        Feature { name: name.into(), kind: Kind::Number(Scaling::None), missing: Missing::Refuse }
    }

    /// A column of categories, which is one-hot encoded: a column for each category of the training table, in the order of
    /// their names. A category that is not among them is an error.
    pub fn category(name: impl Into<String>) -> Feature {
        let kind = Kind::Category { names: None, drops_first: false, ignores_unknown: false };
        Feature { name: name.into(), kind, missing: Missing::Refuse }
    }

    /// What to do with missing cells.
    pub fn missing(self, missing: Missing) -> Feature {
        Feature { missing, ..self }
    }

    /// How numbers are scaled.
    ///
    /// # Panics
    /// If this is a column of categories.
    #[track_caller]
    pub fn scaling(self, scaling: Scaling) -> Feature {
        assert!(matches!(self.kind, Kind::Number(_)), "categories have no scale: `{}` has none", self.name);
        Feature { kind: Kind::Number(scaling), ..self }
    }

    /// The categories, in this order, whether they occur in the training table or not.
    ///
    /// # Panics
    /// If this is a column of numbers.
    #[track_caller]
    pub fn of(mut self, categories: &[impl AsRef<str>]) -> Feature {
        let listed = categories.iter().map(|name| name.as_ref().to_owned()).collect();
        *self.category_parts("of").0 = Some(listed);
        self
    }

    /// Leaves out the column of the first category, so that two categories are one column of 0 and 1.
    ///
    /// # Panics
    /// If this is a column of numbers.
    #[track_caller]
    pub fn dropping_first(mut self) -> Feature {
        *self.category_parts("dropping_first").1 = true;
        self
    }

    /// Lets a category that is not known be 0 in every column, instead of an error.
    ///
    /// # Panics
    /// If this is a column of numbers.
    #[track_caller]
    pub fn ignoring_unknown(mut self) -> Feature {
        *self.category_parts("ignoring_unknown").2 = true;
        self
    }

    #[track_caller]
    fn category_parts(&mut self, method: &str) -> (&mut Option<Vec<String>>, &mut bool, &mut bool) {
        match &mut self.kind {
            Kind::Category { names, drops_first, ignores_unknown } => (names, drops_first, ignores_unknown),
            Kind::Number(_) => {
                panic!("`{method}` is for categories, and `{}` is a column of numbers", self.name)
            }
        }
    }
}
