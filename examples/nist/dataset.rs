//! Data sets of NIST's Statistical Reference Datasets for nonlinear regression, from the files as NIST publishes them.

macro_rules! files {
    ($($name:literal)*) => { [$(include_str!(concat!("../data/nist/", $name, ".dat"))),*] };
}

/// The files, by level of difficulty as on NIST's page.
const FILES: [&str; 27] = files! {
    "Misra1a" "Chwirut2" "Chwirut1" "Lanczos3" "Gauss1" "Gauss2" "DanWood" "Misra1b"
    "Kirby2" "Hahn1" "Nelson" "MGH17" "Lanczos1" "Lanczos2" "Gauss3" "Misra1c" "Misra1d" "Roszman1" "ENSO"
    "MGH09" "Thurber" "BoxBOD" "Rat42" "MGH10" "Eckerle4" "Rat43" "Bennett5"
};

/// A data set: observations, two starting points, and the certified results.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub name: String,
    /// The level of difficulty: lower, average or higher.
    pub level: String,
    /// The responses, one per observation.
    pub y: Vec<f64>,
    /// The predictors, a column each.
    pub x: Vec<Vec<f64>>,
    /// Starting points, one far from the solution and one near.
    pub starts: [Vec<f64>; 2],
    /// The certified parameters.
    pub parameters: Vec<f64>,
    /// The certified standard deviations of the parameters.
    pub deviations: Vec<f64>,
    /// The certified sum of the squared residuals.
    pub sum_of_squares: f64,
    /// The numbers of observations and of parameters that the file states.
    pub stated: (usize, usize),
}

impl Dataset {
    /// All data sets.
    pub fn all() -> Vec<Dataset> {
        FILES.iter().map(|text| Dataset::parse(text).expect("a file as NIST publishes it")).collect()
    }

    /// Reads a file. The lines of parameters begin with `b1 =`, `b2 =` and so on: two starting values, the certified value,
    /// its standard deviation. Rows of data follow the second line that begins with `Data:`.
    pub fn parse(text: &str) -> Option<Dataset> {
        let after = |what: &str| Some(text[text.find(what)? + what.len()..].split_whitespace());
        let before = |what: &str| text[..text.find(what)?].split_whitespace().last();
        let numbers =
            |line: &str| line.split_whitespace().map(|word| word.parse().ok()).collect::<Option<Vec<f64>>>();

        let rows: Vec<Vec<f64>> = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix('b')?.split_once('='))
            .filter(|(index, _)| index.trim().parse::<usize>().is_ok())
            .map(|(_, row)| numbers(row))
            .collect::<Option<_>>()?;
        let column = |k: usize| rows.iter().map(|row| row.get(k).copied()).collect::<Option<Vec<f64>>>();

        let data = text.rfind("Data:")?;
        let data: Vec<Vec<f64>> = text[data..]
            .lines()
            .skip(1)
            .filter(|line| !line.trim().is_empty())
            .map(numbers)
            .collect::<Option<_>>()?;
        let predictors = data.first()?.len().checked_sub(1)?;
        data.iter().all(|row| row.len() == 1 + predictors).then_some(())?;

        Some(Dataset {
            name: after("Dataset Name:")?.next()?.to_owned(),
            level: before("Level of Difficulty")?.to_lowercase(),
            y: data.iter().map(|row| row[0]).collect(),
            x: (1..=predictors).map(|k| data.iter().map(|row| row[k]).collect()).collect(),
            starts: [column(0)?, column(1)?],
            parameters: column(2)?,
            deviations: column(3)?,
            sum_of_squares: after("Residual Sum of Squares:")?.next()?.parse().ok()?,
            stated: (
                after("Number of Observations:")?.next()?.parse().ok()?,
                before("Parameters (b1")?.parse().ok()?,
            ),
        })
    }
}
