//! Data: tables with errors by row and column, scaling, classes, generators.

use tapegrad::nn::{
    Activation, Data, Error, Mlp, Model, Random, Scaler, Table, argmax, blobs, circles, moons, one_hot, sine,
    spirals, xor,
};

#[test]
fn a_table_names_the_cell_that_is_wrong() {
    let problem = |text: &str, header: bool| {
        let numbers = Table::parse(text, header).and_then(|table| table.numbers(0..2));
        numbers.unwrap_err().to_string()
    };
    assert_eq!(problem("1,2\n3,x", false), "csv, row 2, column 2: `x` is not a number");
    assert_eq!(problem("a,b\n1,2\n,4", true), "csv, row 3, column 1 (`a`): the cell is empty");
    assert_eq!(problem("1,2\n3,NaN", false), "csv, row 2, column 2: `NaN` is not finite");
    assert_eq!(problem("1,1e999", false), "csv, row 1, column 2: `1e999` is not finite");
    assert_eq!(problem("1,2\n3", false), "csv, row 2, column 2: the row has 1 cells, the first has 2");
    assert_eq!(problem("1,2\n3,4,5", false), "csv, row 2, column 3: the row has 3 cells, the first has 2");
    assert_eq!(problem("1\n2", false), "csv, row 1, column 2: there are only 1 columns");
    // Lines are those of the file, with blank and quoted ones counted.
    assert_eq!(problem("1,2\n\n\n3,x", false), "csv, row 4, column 2: `x` is not a number");

    let missing = Table::read("no/such/file.csv", false).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }) && missing.to_string().starts_with("no/such/file.csv: "));
    let table = Table::parse("\u{feff}\"x\",\"the \"\"y\"\"\"\r\n 1.5 ,-2e3\r\n", true).unwrap();
    assert_eq!(table.header().unwrap()[1], "the \"y\"");
    assert_eq!((table.numbers(0..2).unwrap(), table.rows(), table.columns()), (vec![vec![1.5, -2e3]], 1, 2));
    let empty = Table::parse("", true).unwrap();
    assert_eq!((empty.rows(), empty.columns(), empty.header()), (0, 0, None));
}

/// Lines are counted as editors count them, whatever ends them.
#[test]
fn lines_end_as_on_any_machine() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["1,2", "3,4", "", "\"5\",\"6\"", "7,x", ""].join(end);
        let error = Table::parse(&text, false).unwrap().numbers(0..2).unwrap_err().to_string();
        assert_eq!(error, "csv, row 5, column 2: `x` is not a number", "{end:?}");
        // Within quotes too.
        let text = [format!("a,\"b{end}c{end}\""), "d".to_owned()].join(end);
        let error = Table::parse(&text, false).unwrap_err().to_string();
        assert_eq!(error, "csv, row 4, column 2: the row has 1 cells, the first has 2", "{end:?}");
    }
}

#[test]
fn quotes_that_do_not_fit_are_refused() {
    for (text, place) in [
        ("1,\"2", "row 1, column 2"),
        ("1,2\n\"3,4\n5,6\n", "row 2, column 1"),
        ("1,2\n3,\"4\n", "row 2, column 2"),
        ("1,2\n3,\"", "row 2, column 2"),
        ("1,2\n3,\"4\"\"", "row 2, column 2"),
        ("1,2\n3,\"4\"5\n", "row 2, column 2"),
        ("1,2\r\"3\"\",4\r", "row 2, column 1"),
        ("\u{feff}\"1,2", "row 1, column 1"),
    ] {
        let error = Table::parse(text, false).unwrap_err().to_string();
        assert!(error.contains(&format!("csv, {place}: ")) && error.contains("quote"), "{text:?}: {error}");
    }
    for (text, cells) in [
        ("\"a\",\"b\"", ["a", "b"]),
        ("\"a\",\"\"\n", ["a", ""]),
        ("\"a,b\",\"\"\"c\"\"\"\r\n", ["a,b", "\"c\""]),
        ("\"a\r\nb\",c\"d\"\r", ["a\r\nb", "c\"d\""]),
        ("\u{feff}\"\"\"\",\"\n\"", ["\"", ""]),
    ] {
        assert_eq!(Table::parse(text, true).unwrap().header().unwrap(), cells, "{text:?}");
    }
}

/// A class is what it is called, not when it comes: a test file in another order has the numbers of the training file.
#[test]
fn further_tables_are_numbered_by_the_names_of_the_first() {
    let train = Table::parse("1,cat\n2,dog\n3,eel\n", false).unwrap();
    let (classes, names) = train.classes(1).unwrap();
    assert_eq!(classes, [0, 1, 2]);
    let test = Table::parse("x,kind\n9,eel\n8,eel\n7,cat\n", true).unwrap();
    assert_eq!(test.classes_as(1, &names).unwrap(), [2, 2, 0]);
    assert_eq!(train.classes_as(1, &names).unwrap(), classes);

    // By the names in a model.
    let mlp = Mlp::builder(1).layer(3, Activation::Identity).build().unwrap();
    let model = Model::new(mlp).naming_classes(&names).unwrap();
    assert_eq!(test.classes_as(1, model.classes()).unwrap(), [2, 2, 0]);
    let twice = model.naming_classes(&["cat", "dog", "cat"]).unwrap_err();
    assert_eq!(twice.to_string(), "two classes have the name `cat`; give each its own");

    let error = |text: &str, names: &[&str]| {
        Table::parse(text, true).unwrap().classes_as(1, names).unwrap_err().to_string()
    };
    let unknown = error("x,kind\n9,eel\n\n8,elk\n", &["cat", "eel"]);
    assert_eq!(unknown, "csv, row 4, column 2 (`kind`): `elk` is not one of the classes `cat`, `eel`");
    assert_eq!(error("x,kind\n9,\n", &["cat"]), "csv, row 2, column 2 (`kind`): the cell is empty");
    assert_eq!(error("x\n9\n", &["cat"]), "csv, row 2, column 2: there are only 1 columns");
    let many: Vec<String> = (0..10).map(|k| k.to_string()).collect();
    assert!(test.classes_as(1, &many).unwrap_err().to_string().ends_with("`6`, `7`, …"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let path = std::env::temp_dir().join(format!("tapegrad-latin1-{}.csv", std::process::id()));
    std::fs::write(&path, b"1,2\n3,\xff\n").unwrap();
    let error = Table::read(&path, false).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(error.contains("row 2") && error.contains("UTF-8"), "{error}");
}

#[test]
fn samples_are_checked() {
    let error = |data: Result<Data, Error>| data.unwrap_err().to_string();
    assert!(error(Data::new(&[[1.0]], &[[1.0], [2.0]])).contains("rows of targets: 2 given, 1 needed"));
    assert!(error(Data::new(&[vec![1.0], vec![1.0, 2.0]], &[[1.0], [2.0]])).contains("2 given, 1 needed"));
    assert!(
        error(Data::new(&[[1.0], [f64::NAN]], &[[1.0], [2.0]])).starts_with("input 0 of sample 1 is NaN")
    );
    let infinite = Data::new(&[[1.0]], &[[f64::INFINITY]]);
    assert!(error(infinite).starts_with("target 0 of sample 0 is inf"));
    assert!(error(Data::classes(&[[1.0]], &[3], 3)).contains("class 3, but the classes are 0 to below 3"));
    let no_inputs: [[f64; 0]; 1] = [[]];
    assert!(error(Data::new(&no_inputs, &[[1.0]])).contains("empty"));
}

#[test]
fn scaling_goes_there_and_back() {
    let mut random = Random::new(1);
    let rows: Vec<[f64; 3]> = (0..50).map(|_| [random.normal() * 7.0 + 3.0, random.unit(), 4.0]).collect();
    let data = Data::new(&rows, &vec![[0.0]; 50]).unwrap();
    let column = |data: &Data, k: usize| data.inputs().iter().skip(k).step_by(3).copied().collect::<Vec<_>>();

    let standard = Scaler::standard(&data).unwrap();
    let scaled = data.clone().scale_inputs(&standard);
    for k in 0..2 {
        let column = column(&scaled, k);
        let mean = column.iter().sum::<f64>() / 50.0;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 50.0;
        assert!(mean.abs() < 1e-14 && (variance - 1.0).abs() < 1e-13);
    }
    assert!(column(&scaled, 2).iter().all(|&x| x == 0.0), "a column that does not vary");

    let ranged = data.clone().scale_inputs(&Scaler::min_max(&data).unwrap());
    for k in 0..2 {
        let column = column(&ranged, k);
        assert_eq!(column.iter().copied().fold(f64::INFINITY, f64::min), 0.0);
        assert_eq!(column.iter().copied().fold(f64::NEG_INFINITY, f64::max), 1.0);
    }
    let mut back = scaled.inputs().to_vec();
    standard.undo(&mut back);
    for (back, x) in back.iter().zip(data.inputs()) {
        assert!((back - x).abs() < 1e-13);
    }
    assert!(Scaler::standard_of(&[], 2).is_err());
    assert!(Scaler::new(vec![0.0], vec![f64::NAN]).is_err());
}

#[test]
fn splits_take_every_sample_once() {
    let data = sine(30, 0.0, 0);
    let (first, second) = data.split(1.0 / 3.0, 4);
    let mut all: Vec<u64> = first.inputs().iter().chain(second.inputs()).map(|x| x.to_bits()).collect();
    let mut expected: Vec<u64> = data.inputs().iter().map(|x| x.to_bits()).collect();
    all.sort_unstable();
    expected.sort_unstable();
    assert_eq!((all, second.len()), (expected, 10));
    assert_ne!(data.split(1.0 / 3.0, 5), (first, second));
}

#[test]
fn classes_and_their_places() {
    assert_eq!(one_hot(&[2, 0], 3).unwrap(), [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    assert_eq!((argmax(&[1.0, 3.0, 3.0]), argmax(&[f64::NAN, 1.0]), argmax(&[])), (1, 1, 0));
}

#[test]
fn generators_are_seeded_and_as_described() {
    type Generator = fn(u64) -> Data;
    let generators: [Generator; 5] = [
        |seed| moons(50, 0.1, seed),
        |seed| circles(50, 0.1, seed),
        |seed| spirals(51, 3, 0.1, seed),
        |seed| blobs(50, 4, 0.5, seed),
        |seed| sine(50, 0.1, seed),
    ];
    for generate in generators {
        assert_eq!(generate(1), generate(1));
        assert_ne!(generate(1), generate(2));
        assert!(generate(1).len() >= 50);
    }
    let data = circles(40, 0.0, 0);
    for k in 0..40 {
        let (&[x, y], [target]) = (data.input(k), data.target(k)) else { panic!() };
        assert!((x.hypot(y) - if *target < 0.0 { 1.0 } else { 0.5 }).abs() < 1e-15);
    }
    let data = moons(41, 0.0, 0);
    assert!((0..20).all(|k| data.input(k)[1] >= 0.0 && data.target(k) == [-1.0]));
    assert!((20..41).all(|k| data.input(k)[1] <= 0.5 && data.target(k) == [1.0]));
    assert_eq!(xor().targets(), [0.0, 1.0, 1.0, 0.0]);
    for samples in 0..4 {
        assert_eq!(moons(samples, 0.1, 0).len() + sine(samples, 0.1, 0).len(), 2 * samples);
    }
}
