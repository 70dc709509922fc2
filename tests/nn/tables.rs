//! Promise: columns of tables become numbers as scikit-learn's pipelines make them, of what the training table teaches alone; other
//! formats are read; every cell that cannot be used is named with its file, row, column and content.

use crate::common::panic_of;
use crate::nets::{fresh_directory, json, matrix};
use tapegrad::nn::{Activation, Encoder, Error, Feature, Missing, Mlp, Model, Scaling, Table, TableFormat};

fn features() -> [Feature; 5] {
    [
        Feature::number("age").missing(Missing::Mean).scaling(Scaling::Standard),
        Feature::number("income").missing(Missing::Median).scaling(Scaling::MinMax),
        Feature::category("country").missing(Missing::Category),
        Feature::number("size"),
        Feature::category("smoker").dropping_first(),
    ]
}

fn table(name: &str) -> Table {
    Table::parse(json("encoding.json")[name]["csv"].as_str().unwrap(), true).unwrap()
}

#[test]
fn rows_are_those_of_scikit_learn() {
    let train = table("train");
    let encoder = Encoder::fit(&train, &features()).unwrap();
    for name in ["train", "test"] {
        let (found, expected) =
            (encoder.rows(&table(name)).unwrap(), matrix(&json("encoding.json")[name]["encoded"]));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!((found.len(), found.len()), (expected.len(), encoder.width()));
            let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-14 * b.abs().max(1.0);
            assert!(found.iter().zip(expected).all(is_close), "{name}: {found:?}, not {expected:?}");
        }
    }
    assert_eq!(
        encoder.names(),
        [
            "age",
            "income",
            "country = Côte d'Ivoire",
            "country = DE",
            "country = FR",
            "country = US, east",
            "country is missing",
            "size",
            "smoker = yes"
        ]
    );
    assert_eq!(encoder.categories("smoker").unwrap(), ["no", "yes"]);
    assert!(encoder.categories("age").is_none() && encoder.categories("x").is_none());
}

/// A test table teaches nothing: alone, its rows are encoded as among others, and the order of columns is not looked at.
#[test]
fn only_the_training_table_teaches() {
    let encoder = Encoder::fit(&table("train"), &features()).unwrap();
    let test = table("test");
    let all = encoder.rows(&test).unwrap();
    for row in 0..test.rows() {
        assert_eq!(encoder.rows(&test.select(&[row])).unwrap(), all[row..=row]);
    }
    let turned = Table::parse("smoker,size,country,extra,income,age\nyes,0.5,DE,x,100,30\n", true).unwrap();
    let straight = Table::parse("age,income,country,size,smoker\n30,100,DE,0.5,yes\n", true).unwrap();
    assert_eq!(encoder.rows(&turned).unwrap(), encoder.rows(&straight).unwrap());
}

#[test]
fn missing_cells_follow_their_policy() {
    let text = "x,kind,y\n1,a,10\nNA,b,20\n5,,30\n,a,NA\n6,b,50\n";
    let train = Table::parse(text, true).unwrap();
    let targets = Encoder::fit(&train, &[Feature::number("y").missing(Missing::Drop)]).unwrap();
    let rows =
        |feature: Feature| Encoder::fit(&train, &[feature]).unwrap().rows(&train).map(|rows| rows.concat());
    assert_eq!(rows(Feature::number("x").missing(Missing::Mean)).unwrap(), [1.0, 4.0, 5.0, 4.0, 6.0]);
    assert_eq!(rows(Feature::number("x").missing(Missing::Median)).unwrap(), [1.0, 5.0, 5.0, 5.0, 6.0]);
    let inputs = Encoder::fit(
        &train,
        &[Feature::number("x").missing(Missing::Mean), Feature::category("kind").missing(Missing::Drop)],
    )
    .unwrap();
    assert_eq!(inputs.complete_rows(&train).unwrap(), [0, 1, 3, 4]);
    // The dropped row teaches nothing: the mean is that of 1 and 6.
    let data = inputs.data(&targets, &train).unwrap();
    assert_eq!(data.inputs(), [1.0, 1.0, 0.0, 3.5, 0.0, 1.0, 6.0, 0.0, 1.0]);
    assert_eq!(data.targets(), [10.0, 20.0, 50.0]);

    let message = |outcome: Result<Encoder, Error>| outcome.unwrap_err().to_string();
    let fit = |features: &[Feature]| message(Encoder::fit(&train, features));
    assert_eq!(
        fit(&[Feature::number("x")]),
        "csv, row 3, column 1 (`x`): `NA` stands for a missing cell; leave out such rows by `Missing::Drop`, or fill in by \
         `Missing::Mean`"
    );
    assert!(
        fit(&[Feature::category("kind")])
            .starts_with("csv, row 4, column 2 (`kind`): the cell is empty; leave")
    );
    let error = inputs.rows(&train).unwrap_err().to_string();
    assert!(error.starts_with("csv, row 4, column 2 (`kind`): the cell is empty"), "{error}");
    assert!(
        fit(&[Feature::number("x").missing(Missing::Category)])
            .contains("a number has no category of its own")
    );
    assert!(fit(&[Feature::category("kind").missing(Missing::Median)]).contains("no mean and no median"));
    let gaps = Table::parse("x,y\nNA,1\n,2\n", true).unwrap();
    let of_gaps =
        |missing| Encoder::fit(&gaps, &[Feature::number("x").missing(missing)]).unwrap_err().to_string();
    assert_eq!(
        of_gaps(Missing::Mean),
        "csv, column `x`: all cells are missing, so they have no mean and no median"
    );
    assert!(of_gaps(Missing::Drop).contains("no complete rows"));
}

#[test]
fn what_cannot_be_encoded_is_named() {
    let train = Table::parse("x,kind\n1,a\n2,b\n", true).unwrap();
    let encoder = Encoder::fit(&train, &[Feature::number("x"), Feature::category("kind")]).unwrap();
    let error = |text: &str| encoder.rows(&Table::parse(text, true).unwrap()).unwrap_err().to_string();
    assert_eq!(
        error("x,kind\n1,a\n\n7,c\n"),
        "csv, row 4, column 2 (`kind`): `c` is not one of the classes `a`, `b`"
    );
    assert_eq!(error("kind,x\na,1 000\n"), "csv, row 2, column 2 (`x`): `1 000` is not a number");
    assert_eq!(error("x,kind\ninf,a\n"), "csv, row 2, column 1 (`x`): `inf` is not finite");
    assert_eq!(error("x,sort\n1,a\n"), "csv, column `kind`: the columns are `x`, `sort`");
    assert_eq!(
        error("x,x,kind\n1,1,a\n"),
        "csv, column `x`: several columns have this name; rename them in the file"
    );
    let headless = encoder.rows(&Table::parse("1,a\n", false).unwrap()).unwrap_err().to_string();
    assert_eq!(headless, "csv, column `x`: the table was read without a header");

    let path = fresh_directory("table-errors").join("people.csv");
    std::fs::write(&path, "x,kind\n1,a\ntwo,b\n").unwrap();
    let error = encoder.rows(&Table::read(&path, true).unwrap()).unwrap_err().to_string();
    assert_eq!(error, format!("{}, row 3, column 1 (`x`): `two` is not a number", path.display()));

    let message = |features: &[Feature]| Encoder::fit(&train, features).unwrap_err().to_string();
    assert!(message(&[]).contains("no features"));
    assert!(
        message(&[Feature::category("kind").of(&["a"])])
            .contains("row 3, column 2 (`kind`): `b` is not one of")
    );
    assert!(message(&[Feature::category("kind").of(&["a", "b", "a"])]).contains("`a` is listed twice"));
    let same = Table::parse("kind\na\na\n", true).unwrap();
    let nothing = Encoder::fit(&same, &[Feature::category("kind").dropping_first()]).unwrap_err().to_string();
    assert!(nothing.contains("no column is left"), "{nothing}");
    let none = Table::parse("x\n", true).unwrap();
    assert!(
        Encoder::fit(&none, &[Feature::number("x")]).unwrap_err().to_string().contains("no complete rows")
    );
    assert!(
        panic_of(|| Feature::category("x").scaling(Scaling::MinMax))
            .message
            .contains("categories have no scale")
    );
    assert!(
        panic_of(|| Feature::number("x").dropping_first())
            .message
            .contains("`dropping_first` is for categories")
    );

    let ignoring = Encoder::fit(&train, &[Feature::category("kind").ignoring_unknown()]).unwrap();
    let rows = ignoring.rows(&Table::parse("kind\nc\nb\n", true).unwrap()).unwrap();
    assert_eq!(rows, [[0.0, 0.0], [0.0, 1.0]]);
    let listed = Encoder::fit(&train, &[Feature::category("kind").of(&["c", "b", "a"])]).unwrap();
    assert_eq!(listed.rows(&train).unwrap(), [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
}

#[test]
fn other_formats_are_read() {
    let text = "Größe;\"Land; Ort\"\r\n1,5;\"DE; Köln\"\r\n-2e3;FR\r\n-,5;\"a \"\"b\"\"\r\nc\"\r\n";
    let format = TableFormat::new().delimiter(';').decimal_sign(',');
    let table = format.parse(text).unwrap();
    assert_eq!(table.header().unwrap(), ["Größe", "Land; Ort"]);
    assert_eq!(table.numbers(0..1).unwrap(), [[1.5], [-2000.0], [-0.5]]);
    assert_eq!((table.cell(0, 1).unwrap(), table.cell(2, 1).unwrap()), ("DE; Köln", "a \"b\"\r\nc"));
    let error = format.parse("x;y\n\"a\nb\";1\n1;1.5\n").unwrap().number(1, 1).unwrap_err().to_string();
    assert_eq!(
        error, "csv, row 4, column 2 (`y`): `1.5` is not a number",
        "a point is no decimal sign there"
    );
    let tabs = TableFormat::new().delimiter('\t').header(false).parse("1\t\"2\"\n3\t4").unwrap();
    assert_eq!(tabs.numbers(0..2).unwrap(), [[1.0, 2.0], [3.0, 4.0]]);
    for (format, expected) in [
        (TableFormat::new().decimal_sign(','), "and be the decimal sign too"),
        (TableFormat::new().decimal_sign('x'), "a point or a comma"),
        (TableFormat::new().delimiter('"'), "cannot delimit cells"),
        (TableFormat::new().delimiter('→'), "cannot delimit cells"),
    ] {
        let error = format.parse("").unwrap_err();
        assert!(matches!(error, Error::Setting(_)) && error.to_string().contains(expected), "{error}");
    }
    let wide: String = (0..300).map(|k| format!("{k},")).collect::<String>() + "300\n";
    let wide = Table::parse(&(wide.clone() + &wide), false).unwrap();
    assert_eq!((wide.rows(), wide.columns(), wide.number(1, 300).unwrap()), (2, 301, 300.0));
    assert_eq!((Table::parse("", true).unwrap().rows(), Table::parse("a\n", true).unwrap().rows()), (0, 0));
}

#[test]
fn a_summary_says_what_was_read() {
    let table = Table::parse("x,kind,none\n1,a,\nNA,b,\n5,b,\n", true).unwrap();
    assert_eq!(
        table.summary(),
        "csv: 3 rows of 3 columns\ncolumn  name  contents  missing\n     1  x     numbers         1  1 to 5, mean 3\n     \
         2  kind  texts           0  2 different, most often `b` (2)\n     3  none  nothing         3"
    );
    assert_eq!(Table::parse("", true).unwrap().summary().lines().count(), 2);
}

#[test]
fn a_model_keeps_its_encoder() {
    let encoder = Encoder::fit(&table("train"), &features()).unwrap();
    let mlp = Mlp::builder(encoder.width()).layer(1, Activation::Tanh).seed(1).build().unwrap();
    let model = Model::new(mlp.clone()).encoding_inputs(encoder.clone()).unwrap();
    let folder = fresh_directory("encoded-model");
    let (json, tensors) = (folder.join("m.json"), folder.join("m.safetensors"));
    model.save(&json).unwrap();
    model.save_safetensors(&tensors).unwrap();
    for loaded in [Model::load(&json).unwrap(), Model::load_safetensors(&tensors).unwrap()] {
        assert_eq!(loaded, model);
        let test = table("test");
        let expected: Vec<Vec<f64>> =
            encoder.rows(&test).unwrap().iter().map(|row| mlp.predict(row)).collect();
        assert_eq!(loaded.predict_table(&test).unwrap().into_outputs(), expected);
    }
    assert!(Mlp::load(&json).unwrap_err().to_string().contains("encodes its data"));
    let other = Mlp::builder(2).layer(1, Activation::Tanh).build().unwrap();
    assert!(Model::new(other.clone()).encoding_inputs(encoder).is_err());
    let error = Model::new(other).predict_table(&table("test")).unwrap_err().to_string();
    assert!(error.contains("`encoding_inputs`"), "{error}");
}
