//! Promise: a history is drawn in characters, each loss at its epoch and height.

use tapegrad::nn::{Activation, Adam, Epoch, History, Loss, Mlp, Trainer, sine};

const COLUMNS: usize = 60;
const ROWS: usize = 13;

/// A history with these losses, and those of the validation.
fn history(losses: &[f64], validation: &[Option<f64>]) -> History {
    let mut mlp = Mlp::builder(1).layer(1, Activation::Tanh).build().unwrap();
    let mut history =
        Trainer::new(Adam::new(0.1)).epochs(1).fit(&mut mlp, Loss::Squared, &sine(4, 0.0, 1)).unwrap();
    let first = history.epochs[0].clone();
    let epoch = |(k, (&loss, &validation)): (usize, (&f64, &Option<f64>))| {
        let mut epoch: Epoch = first.clone();
        (epoch.epoch, epoch.loss, epoch.validation_loss) = (k, loss, validation);
        epoch
    };
    history.epochs = losses.iter().zip(validation).enumerate().map(epoch).collect();
    history
}

/// The rows between the axes, and the last line.
fn read(chart: &str) -> (Vec<Vec<char>>, String) {
    let lines: Vec<&str> = chart.lines().collect();
    assert_eq!(lines.len(), ROWS + 3, "{chart}");
    assert!(
        lines.iter().all(|line| line.chars().count() <= COLUMNS + 11 && *line == line.trim_end()),
        "{chart}"
    );
    let row = |line: &&str| {
        let mut row: Vec<char> = line.chars().skip(11).collect();
        row.resize(COLUMNS, ' ');
        row
    };
    (lines[..ROWS].iter().map(row).collect(), lines[ROWS + 2].trim_start().to_owned())
}

#[test]
fn every_loss_is_at_its_epoch_and_height() {
    for count in [2, 7, 60, 100, 5000] {
        let losses: Vec<f64> = (0..count).map(|k| 10f64.powf(-6.0 * k as f64 / (count - 1) as f64)).collect();
        let validation: Vec<Option<f64>> = losses.iter().map(|loss| Some(loss.sqrt())).collect();
        let chart = history(&losses, &validation).chart();
        let (rows, scale) = read(&chart);
        assert_eq!(scale, "loss (log scale): * training, o validation, @ both");
        for (k, loss) in losses.iter().enumerate() {
            let column = ((k as f64 + 0.5) / count as f64 * COLUMNS as f64) as usize;
            for (mark, decades) in [('*', -loss.log10()), ('o', -loss.log10() / 2.0)] {
                let row = decades / 6.0 * (ROWS - 1) as f64;
                let is_marked = |row: usize| [mark, '@'].contains(&rows[row][column]);
                assert!(
                    is_marked(row.floor() as usize) || is_marked(row.ceil() as usize),
                    "{count}, {k}:\n{chart}"
                );
            }
        }
        let marks = rows.iter().flatten().filter(|&&cell| cell != ' ').count();
        assert!(marks <= 2 * count, "{chart}");
    }
}

#[test]
fn the_ends_are_labelled() {
    let chart = history(&[4.0, 0.5], &[None, None]).chart();
    let lines: Vec<&str> = chart.lines().collect();
    assert!(lines[0].starts_with("   4.00e0 |") && lines[ROWS - 1].starts_with("  5.00e-1 |"), "{chart}");
    assert!(lines[ROWS + 1].starts_with("    epoch  0 ") && lines[ROWS + 1].ends_with(" 1"), "{chart}");
    assert_eq!(lines[ROWS + 2], "     loss (log scale): * training");
}

#[test]
fn losses_that_are_not_positive_have_a_linear_scale() {
    for low in [0.0, -2.0, -f64::MAX] {
        let (rows, scale) = read(&history(&[2.0, low, (2.0 / 2.0 + low / 2.0)], &[None; 3]).chart());
        assert_eq!(scale, "loss: * training");
        assert_eq!([rows[0][10], rows[ROWS - 1][30], rows[ROWS / 2][50]], ['*'; 3]);
    }
}

#[test]
fn what_cannot_be_drawn_is_left_out() {
    for losses in [&[][..], &[f64::NAN], &[f64::INFINITY, -f64::INFINITY]] {
        let none = vec![None; losses.len()];
        assert_eq!(history(losses, &none).chart(), "no epoch has a finite loss");
    }
    let (rows, _) = read(&history(&[1.0, f64::NAN, 0.1], &[None, Some(f64::INFINITY), None]).chart());
    assert_eq!(rows.iter().flatten().filter(|&&cell| cell != ' ').count(), 2);
    for same in [0.0, 1.0, 5e-324, f64::MAX, f64::MIN] {
        let (rows, _) = read(&history(&[same; 2], &[Some(same); 2]).chart());
        assert_eq!([rows[ROWS / 2][15], rows[ROWS / 2][45]], ['@'; 2], "{same}");
    }
    let (rows, _) = read(&history(&[5e-324, f64::MAX], &[None; 2]).chart());
    assert_eq!([rows[ROWS - 1][15], rows[0][45]], ['*'; 2]);
}
