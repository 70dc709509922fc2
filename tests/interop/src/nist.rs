//! NIST's reference data sets for nonlinear regression: the files, the models, and the digits that are listed as reached.

#[path = "../../../examples/nist/dataset.rs"]
mod dataset;
#[path = "../../../examples/nist/fit.rs"]
mod fit;
#[path = "../../../examples/nist/models.rs"]
mod models;

use dataset::Dataset;

/// The sum of squares at the certified parameters, in f64.
fn sum_of_squares(data: &Dataset) -> f64 {
    let observation = |(k, &y): (usize, &f64)| {
        let x: Vec<f64> = data.x.iter().map(|column| column[k]).collect();
        models::residual(&data.name, &data.parameters, &x, y).powi(2)
    };
    data.y.iter().enumerate().map(observation).sum()
}

#[test]
fn the_files_agree_with_their_headers() {
    let all = Dataset::all();
    assert_eq!(all.len(), 27);
    for data in &all {
        let name = &data.name;
        let n = data.parameters.len();
        assert_eq!(data.stated, (data.y.len(), n), "{name}");
        assert!(data.starts.iter().chain([&data.deviations]).all(|list| list.len() == n), "{name}");
        assert!(["lower", "average", "higher"].contains(&data.level.as_str()), "{name}");
    }
    let names: std::collections::BTreeSet<&str> = all.iter().map(|data| data.name.as_str()).collect();
    assert_eq!(names.len(), 27);
}

/// The models are those that NIST fitted. At the minimum the rounding of the parameters to 11 digits hardly matters, but for
/// Lanczos1, whose residuals of 1e-13 are smaller.
#[test]
fn the_models_have_the_certified_sums_of_squares() {
    for data in Dataset::all() {
        let sum = sum_of_squares(&data);
        let error = (sum / data.sum_of_squares - 1.0).abs();
        assert!(error < 1e-9 || (data.name == "Lanczos1" && sum < 1e-20), "{}: {error:e}", data.name);
    }
}

#[test]
fn a_file_of_another_kind_is_none() {
    for text in ["", "Data: y x\n1 2\n", "Dataset Name: A (A.dat)\n b1 = 1 2 3\nData:\n"] {
        assert_eq!(Dataset::parse(text), None);
    }
}

/// For every row of the table: data set, difficulty, observations, parameters, start, evaluations, and three numbers of digits.
#[test]
fn the_digits_are_reached_as_listed() {
    let all = Dataset::all();
    let table = include_str!("../../../docs/nist.md").lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        all.iter().find(|data| words.len() == 9 && data.name == words[0]).map(|data| (data, words))
    });
    let mut rows = 0;
    for (data, words) in table {
        let number = |k: usize| words[k].parse::<usize>().unwrap();
        assert_eq!(
            (words[1], number(2), number(3)),
            (data.level.as_str(), data.y.len(), data.parameters.len())
        );
        assert!(number(6) >= 6, "{}", data.name);
        let fitted = fit::fit(data, &data.starts[number(4) - 1], &fit::solver()).unwrap();
        assert!(fitted.has_converged && fitted.evaluations <= 2 * number(5), "{fitted:?}");
        let reached = fit::reached(data, &fitted);
        for (k, reached) in reached.into_iter().enumerate() {
            assert!(reached >= number(6 + k) as f64, "{words:?} {reached:?}");
        }
        rows += 1;
    }
    assert_eq!(rows, 54, "both starting points of each");
}
