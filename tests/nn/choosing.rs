//! Promise: folds use every sample exactly once and spread classes evenly; runs over seeds give the same scores on any number of
//! threads.

use tapegrad::nn::{Data, Error, Fold, Random, Scores, blobs, repeat, xor};

fn labelled(counts: &[usize]) -> Data {
    let mut classes: Vec<usize> = counts.iter().enumerate().flat_map(|(class, &n)| vec![class; n]).collect();
    Random::new(3).shuffle(&mut classes);
    Data::classes(&vec![[0.0]; classes.len()], &classes, counts.len()).unwrap()
}

#[test]
fn every_sample_is_tested_once() {
    for (samples, count) in [(10, 2), (10, 3), (10, 10), (7, 5), (2, 2), (101, 4)] {
        let data = blobs(samples, 2, 1.0, 1);
        let (plain, again) = (data.folds(count, 5).unwrap(), data.folds(count, 5).unwrap());
        assert_eq!(plain, again);
        assert!(samples < 7 || plain != data.folds(count, 6).unwrap(), "another seed");
        let mut tested: Vec<usize> = plain.iter().flat_map(|fold| fold.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..samples).collect::<Vec<_>>());
        for fold in &plain {
            assert!([samples / count, samples.div_ceil(count)].contains(&fold.test.len()));
            assert!(fold.train.is_sorted() && fold.test.is_sorted());
            let mut all = [&fold.train[..], &fold.test].concat();
            all.sort_unstable();
            assert_eq!(all, (0..samples).collect::<Vec<_>>());
            let (train, test) = fold.of(&data);
            assert_eq!((train.len(), test.len()), (fold.train.len(), fold.test.len()));
        }
    }
}

#[test]
fn classes_are_spread_evenly() {
    for (counts, count) in [(vec![10, 20, 5], 5), (vec![7, 8, 9], 4), (vec![3, 3], 3), (vec![0, 6, 11], 3)] {
        let data = labelled(&counts);
        let folds = data.stratified_folds(count, 2).unwrap();
        assert_eq!(folds, data.stratified_folds(count, 2).unwrap());
        let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..data.len()).collect::<Vec<_>>());
        for fold in &folds {
            assert!([data.len() / count, data.len().div_ceil(count)].contains(&fold.test.len()));
            for (class, &all) in counts.iter().enumerate() {
                let found = fold.test.iter().filter(|&&sample| data.target(sample)[class] == 1.0).count();
                assert!([all / count, all.div_ceil(count)].contains(&found), "{found} of {all} in {count}");
            }
        }
    }
    let (train, test) = labelled(&[40, 10]).stratified_split(0.3, 1).unwrap();
    let ones = |data: &Data| data.targets().chunks(2).filter(|row| row[1] == 1.0).count();
    assert_eq!((train.len(), ones(&train), test.len(), ones(&test)), (35, 7, 15, 3));
    // A single target: its classes are 0 and 1.
    let folds = xor().stratified_folds(2, 1).unwrap();
    assert!(folds.iter().all(|fold| fold.test.iter().map(|&k| xor().target(k)[0]).sum::<f64>() == 1.0));
}

#[test]
fn folds_that_cannot_be_made_are_refused() {
    let data = labelled(&[6, 2]);
    for (outcome, expected) in [
        (data.folds(1, 0), "at least two folds"),
        (data.folds(0, 0), "at least two folds"),
        (data.folds(9, 0), "9 folds of 8 samples"),
        (data.stratified_folds(3, 0), "class 1 has 2 samples, fewer than the 3 folds"),
        (Data::new(&[] as &[[f64; 1]], &[] as &[[f64; 1]]).unwrap().folds(2, 0), "2 folds of 0 samples"),
    ] {
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(data.stratified_split(1.5, 0).is_err());
    let fold = Fold::testing(vec![3, 0], 4).unwrap();
    assert_eq!((fold.train, fold.test), (vec![1, 2], vec![0, 3]));
    assert!(Fold::testing(vec![1, 4], 4).unwrap_err().to_string().contains("sample 4 cannot"));
    assert!(Fold::testing(vec![1, 2, 1], 4).unwrap_err().to_string().contains("sample 1 cannot"));
}

#[test]
fn runs_are_in_the_order_of_their_seeds() {
    let scores = repeat(0..50, |seed| Ok(Random::new(seed).below(1000) as f64)).unwrap();
    let expected: Vec<f64> = (0..50).map(|seed| Random::new(seed).below(1000) as f64).collect();
    assert_eq!(scores.values, expected);
    let first_error = repeat(0..50, |seed| match seed {
        20.. => Err(Error::Setting(format!("run {seed} failed"))),
        _ => Ok(1.0),
    });
    assert_eq!(first_error.unwrap_err().to_string(), "run 20 failed");
    assert!(matches!(repeat([], |_| Ok(1.0)), Err(Error::NoSamples(_))));

    // By hand: the mean of 2, 4, 4, 4, 5, 5, 7, 9 is 5, the sum of squares around it 32.
    let scores = Scores::new(vec![2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
    assert_eq!((scores.mean(), scores.range()), (5.0, (2.0, 9.0)));
    assert!((scores.deviation() - (32f64 / 7.0).sqrt()).abs() < 1e-15);
    assert!((scores.standard_error() - (32f64 / 56.0).sqrt()).abs() < 1e-15);
    assert_eq!(format!("{scores:.2}"), "5.00 ± 0.76 (8 runs)");
    assert!(Scores::new(vec![1.0]).unwrap().deviation().is_nan());
}
