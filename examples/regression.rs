//! Three regressions on Fisher's Iris data: a line, two classes, three classes. Each is trained by gradient descent
//! with updates after all flowers, after ten flowers, and after every flower.

use std::array::from_fn;
use tapegrad::{
    Real, Tape, gradient, hessian,
    lists::{affine, log_sum_exp},
};

const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];

#[derive(Clone, Copy)]
struct Flower {
    /// Sepal length and width, petal length and width, in cm.
    measures: [f64; 4],
    species: usize,
}

fn main() -> Result<(), String> {
    let flowers = read(include_str!("data/iris.csv"))?;
    line(&flowers);
    two_classes(&standardised(&flowers[50..]));
    three_classes(&standardised(&flowers));
    malformed_data();
    Ok(())
}

/// A model: the loss of one flower as a function of weights.
trait Model<const N: usize> {
    fn loss<R: Real>(w: [R; N], flower: &Flower) -> R;

    fn mean_loss<R: Real>(w: [R; N], flowers: &[Flower]) -> R {
        flowers.iter().map(|flower| Self::loss(w, flower)).sum::<R>() / flowers.len() as f64
    }

    /// Gradient descent with an update after each `batch` flowers: returns the weights after each epoch. The data
    /// are sorted by species, so every epoch shuffles them.
    fn fit(flowers: &[Flower], batch: usize, rate: f64, epochs: usize) -> Vec<[f64; N]> {
        let (mut flowers, mut random) = (flowers.to_vec(), 1);
        let mut w = [0.0; N];
        let tape = Tape::new();
        let epoch = || {
            shuffle(&mut flowers, &mut random);
            for batch in flowers.chunks(batch) {
                let vars = tape.vars(w);
                let slope = Self::mean_loss(vars, batch).backward().wrt(vars);
                w = from_fn(|k| w[k] - rate * slope[k]);
                tape.clear();
            }
            w
        };
        std::iter::repeat_with(epoch).take(epochs).collect()
    }

    /// Fits with updates after all, ten and one flowers, each with its learning rate; prints losses during
    /// training, and returns the final weights.
    fn compare(flowers: &[Flower], rates: [f64; 3], epochs: usize) -> [[f64; N]; 3] {
        let batches = [flowers.len(), 10, 1];
        let fits: [_; 3] = from_fn(|k| Self::fit(flowers, batches[k], rates[k], epochs));
        println!(
            "  {:<22}{:>16}{:>16}{:>16}",
            "an update after", "all flowers", "ten flowers", "each flower"
        );
        println!("  {:<22}{:>16}{:>16}{:>16}", "learning rate", rates[0], rates[1], rates[2]);
        for epoch in [1, 10, 100, 1000].into_iter().filter(|&epoch| epoch < epochs).chain([epochs]) {
            print!("  {:<22}", format!("loss, epoch {epoch}"));
            fits.iter().for_each(|fit| print!("{:>16.9}", Self::mean_loss(fit[epoch - 1], flowers)));
            println!();
        }
        fits.map(|fit| fit[epochs - 1])
    }

    /// Prints the weights of the three fits, and those of a direct method.
    fn list(flowers: &[Flower], names: [&str; N], fits: [[f64; N]; 3], (method, exact): (&str, [f64; N])) {
        print!("\n  {:<22}{:>16}", "", "loss");
        names.iter().for_each(|name| print!("{name:>16}"));
        println!();
        let [all, ten, each] = fits;
        for (name, w) in [("all flowers", all), ("ten flowers", ten), ("each flower", each), (method, exact)]
        {
            print!("  {name:<22}{:>16.9}", Self::mean_loss(w, flowers));
            w.iter().for_each(|w| print!("{w:>16.9}"));
            println!();
        }
    }
}

/// Petal width from petal length.
struct Line;

impl Model<2> for Line {
    fn loss<R: Real>([intercept, slope]: [R; 2], flower: &Flower) -> R {
        let [_, _, length, width] = flower.measures;
        (intercept + slope * length - width).powi(2)
    }
}

fn line(flowers: &[Flower]) {
    title("A line: petal width = a + b * petal length, by the mean squared error");
    let fits = Line::compare(flowers, [0.05, 0.01, 0.001], 2_000);

    // The normal equations:  n a + Σx b = Σy,  Σx a + Σx² b = Σxy
    let sum = |term: fn(f64, f64) -> f64| -> f64 {
        flowers.iter().map(|flower| term(flower.measures[2], flower.measures[3])).sum()
    };
    let (x, y, xx, xy) = (sum(|x, _| x), sum(|_, y| y), sum(|x, _| x * x), sum(|x, y| x * y));
    let exact = solve([[flowers.len() as f64, x], [x, xx]], [y, xy]);

    Line::list(flowers, ["a", "b"], fits, ("normal equations", exact));
    println!("\n  Small batches get near in fewer epochs; with a fixed rate they then stay near.");
    assert!(distance(fits[0], exact) < 1e-10);
    assert!(fits[1..].iter().all(|&fit| distance(fit, exact) < 0.05));
    plot(flowers, exact);
}

/// Plots petal width over petal length, with a letter for the species of each flower.
fn plot(flowers: &[Flower], [a, b]: [f64; 2]) {
    let (columns, rows) = (61, 14);
    let mut picture = vec![vec![' '; columns]; rows];
    let mut draw = |length: f64, width: f64, mark| {
        let column = ((length - 1.0) * 10.0).round() as usize;
        let row = (rows - 1) as f64 - (width * 5.0).round();
        if (0.0..rows as f64).contains(&row) {
            picture[row as usize][column] = mark;
        }
    };
    (0..columns).map(|c| 1.0 + c as f64 / 10.0).for_each(|length| draw(length, a + b * length, '-'));
    for Flower { measures: [.., length, width], species } in flowers {
        draw(*length, *width, ['s', 'c', 'v'][*species]);
    }
    println!("\n  petal width");
    for (k, line) in picture.iter().enumerate() {
        println!("  {:>4.1} | {}", (rows - 1 - k) as f64 / 5.0, line.iter().collect::<String>());
    }
    println!("  {:>4}   {:<30}{:<26}{:>5}", "", "1 cm", "4 cm", "7 cm");
    println!("  {:>4}   petal length of setosa (s), versicolor (c), virginica (v)", "");
}

/// Virginica or versicolor, from the petals: logistic regression.
struct Logistic;

impl Logistic {
    /// The log-odds of virginica, ln p / (1 - p).
    fn log_odds<R: Real>([bias, by_length, by_width]: [R; 3], flower: &Flower) -> R {
        let [_, _, length, width] = flower.measures;
        bias + by_length * length + by_width * width
    }
}

impl Model<3> for Logistic {
    /// -ln of the probability of the species of the flower, that is, ln(1 + 1 / odds): the smallest mean is the
    /// maximum likelihood.
    fn loss<R: Real>(w: [R; 3], flower: &Flower) -> R {
        let log_odds = Self::log_odds(w, flower);
        (if flower.species == 2 { -log_odds } else { log_odds }).softplus()
    }
}

fn two_classes(flowers: &[Flower]) {
    title("Two classes: versicolor or virginica from the petals, by maximum likelihood");
    println!("  Measures are in standard deviations from their mean.\n");
    let fits = Logistic::compare(flowers, [4.0, 0.5, 0.05], 2_000);

    // Newton's method with the exact Hessian converges to the maximum.
    let mut best = [0.0; 3];
    for _ in 0..12 {
        let slope = gradient(|w| Logistic::mean_loss(w, flowers), best);
        let step = solve(hessian(|w| Logistic::mean_loss(w, flowers), best), slope);
        best = from_fn(|k| best[k] - step[k]);
    }
    Logistic::list(flowers, ["bias", "petal length", "petal width"], fits, ("Newton's method", best));

    let accuracy = |w| {
        let right =
            flowers.iter().filter(|flower| (Logistic::log_odds(w, flower) > 0.0) == (flower.species == 2));
        right.count() as f64 / flowers.len() as f64
    };
    print!("\n  {:<22}", "accuracy");
    fits.iter().for_each(|&w| print!("{:>14.0} %", 100.0 * accuracy(w)));
    println!();

    let slope = gradient(|w| Logistic::mean_loss(w, flowers), best);
    assert!(slope.iter().all(|slope| slope.abs() < 1e-14), "at the maximum the slope vanishes");
    assert!(distance(fits[0], best) < 1e-6);
    assert!(fits.iter().all(|&w| accuracy(w) >= 0.93));
}

/// The species from all four measures: scores whose exponentials are proportional to the probabilities.
struct Softmax;

impl Softmax {
    fn scores<R: Real>(w: [R; 15], flower: &Flower) -> [R; 3] {
        from_fn(|class| {
            let w = &w[5 * class..5 * class + 5];
            affine(&w[1..], &flower.measures, w[0])
        })
    }

    fn predict(w: [f64; 15], flower: &Flower) -> usize {
        let scores = Self::scores(w, flower);
        (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).expect("three classes")
    }
}

impl Model<15> for Softmax {
    /// The cross entropy: -ln of the probability of the species of the flower.
    fn loss<R: Real>(w: [R; 15], flower: &Flower) -> R {
        let scores = Self::scores(w, flower);
        log_sum_exp(&scores) - scores[flower.species]
    }
}

fn three_classes(flowers: &[Flower]) {
    title("Three classes from all four measures, by cross entropy");
    println!("  Measures are in standard deviations from their mean.\n");
    let fits = Softmax::compare(flowers, [1.0, 0.2, 0.02], 500);

    let tables = fits.map(|w| {
        let mut table = [[0; 3]; 3];
        flowers.iter().for_each(|flower| table[flower.species][Softmax::predict(w, flower)] += 1);
        table
    });
    let accuracy = |table: &[[i32; 3]; 3]| f64::from(table[0][0] + table[1][1] + table[2][2]) / 1.5;
    print!("\n  {:<22}", "accuracy");
    tables.iter().for_each(|table| print!("{:>14.1} %", accuracy(table)));
    println!("\n\n  {:<22}{:>16}{:>16}{:>16}", "whole batch, taken for", SPECIES[0], SPECIES[1], SPECIES[2]);
    for (name, row) in SPECIES.into_iter().zip(tables[0]) {
        println!("  {name:<22}{:>16}{:>16}{:>16}", row[0], row[1], row[2]);
    }
    assert!(tables.iter().all(|table| accuracy(table) > 97.0));
}

/// The reader reports the row and column of malformed data.
fn malformed_data() {
    title("Malformed data");
    for (text, expected) in [
        ("5.1,3.5,1.4,0.2,0\n4.9,3.0,1,4,0.2,0", "row 2 has 6 columns, not 5"),
        ("5.1,3.5,l.4,0.2,0", "row 1, column 3 (petal length in cm): `l.4` is not a number"),
        ("5.1,NaN,1.4,0.2,0", "row 1, column 2 (sepal width in cm): `NaN` is not a finite number"),
        ("5.1,3.5,1.4,0.2,3", "row 1, column 5 (species): `3` is not 0, 1 or 2"),
    ] {
        let error = read(text).err().expect("an error");
        println!("  {error}");
        assert_eq!(error, expected);
    }
}

fn read(text: &str) -> Result<Vec<Flower>, String> {
    text.lines()
        .enumerate()
        .map(|(k, line)| read_row(line).map_err(|error| format!("row {}{error}", k + 1)))
        .collect()
}

fn read_row(line: &str) -> Result<Flower, String> {
    const COLUMNS: [&str; 5] =
        ["sepal length in cm", "sepal width in cm", "petal length in cm", "petal width in cm", "species"];
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    if fields.len() != COLUMNS.len() {
        return Err(format!(" has {} columns, not {}", fields.len(), COLUMNS.len()));
    }
    let wrong =
        |k: usize, what| format!(", column {} ({}): `{}` is not {what}", k + 1, COLUMNS[k], fields[k]);
    let mut measures = [0f64; 4];
    for (k, measure) in measures.iter_mut().enumerate() {
        *measure = fields[k].parse().map_err(|_| wrong(k, "a number"))?;
        if !measure.is_finite() {
            return Err(wrong(k, "a finite number"));
        }
    }
    match fields[4].parse() {
        Ok(species @ 0..3) => Ok(Flower { measures, species }),
        _ => Err(wrong(4, "0, 1 or 2")),
    }
}

/// Scales every measure to mean 0 and standard deviation 1, so that one learning rate suits all weights.
fn standardised(flowers: &[Flower]) -> Vec<Flower> {
    let mut flowers = flowers.to_vec();
    let n = flowers.len() as f64;
    for k in 0..4 {
        let mean = flowers.iter().map(|flower| flower.measures[k]).sum::<f64>() / n;
        let variance = flowers.iter().map(|flower| (flower.measures[k] - mean).powi(2)).sum::<f64>() / n;
        flowers
            .iter_mut()
            .for_each(|flower| flower.measures[k] = (flower.measures[k] - mean) / variance.sqrt());
    }
    flowers
}

/// The shuffle of Fisher and Yates, with random numbers from Marsaglia's xorshift.
fn shuffle<T>(items: &mut [T], random: &mut u64) {
    for last in (1..items.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        items.swap(last, (*random % (last as u64 + 1)) as usize);
    }
}

/// Gaussian elimination with pivoting.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for k in 0..N {
        let pivot = (k..N).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("a row");
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in k + 1..N {
            let factor = a[i][k] / a[k][k];
            a[i] = from_fn(|j| a[i][j] - factor * a[k][j]);
            b[i] -= factor * b[k];
        }
    }
    for k in (0..N).rev() {
        let known: f64 = (k + 1..N).map(|j| a[k][j] * b[j]).sum();
        b[k] = (b[k] - known) / a[k][k];
    }
    b
}

/// The largest difference between corresponding weights.
fn distance<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn title(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}
