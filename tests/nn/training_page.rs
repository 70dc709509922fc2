//! A training page shows the numbers of the run, is one file that needs no other, and is closed to what names contain.

use serde_json::Value;
use tapegrad::Var;
use tapegrad::nn::{
    Activation, Adam, Batch, Bias, Data, Error, History, Loss, Mlp, Sgd, Trainer, TrainingPage, moons, sine,
    xor,
};

fn network(inputs: usize, outputs: usize) -> Mlp {
    Mlp::builder(inputs)
        .layer(3, Activation::Tanh)
        .layer(outputs, Activation::Identity)
        .seed(5)
        .build()
        .unwrap()
}

/// The loss of an update, the parameters before it and the gradient.
type Told = (f64, Vec<f64>, Vec<f64>);

/// What the page of a run shows, and the losses, parameters and gradients that the run itself told.
fn run(mlp: &mut Mlp, loss: Loss, data: &Data, epochs: usize) -> (Value, Vec<Told>, String) {
    let mut page = TrainingPage::new("run", mlp, loss, data).unwrap();
    let mut told = Vec::new();
    let history = Trainer::new(Sgd::new(0.1))
        .epochs(epochs)
        .on_update(|update| {
            page.record(update);
            told.push((update.loss, update.before.to_vec(), update.gradient.to_vec()));
        })
        .fit(mlp, loss, data)
        .unwrap();
    (serde_json::from_str(&page.to_json(&history)).unwrap(), told, page.html(&history))
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) + 1e-300
}

#[test]
fn a_page_has_the_losses_parameters_and_gradients_of_the_run() {
    let mut mlp = network(2, 1);
    let (page, told, _) = run(&mut mlp, Loss::BinaryCrossEntropy, &xor(), 30);
    let frames = page["frames"].as_array().unwrap();
    assert_eq!(frames.len(), told.len() + 1);
    for (frame, (loss, before, gradient)) in frames.iter().zip(&told) {
        assert!(is_close(frame["loss"].as_f64().unwrap(), *loss));
        assert!(list(&frame["w"]).iter().zip(before).all(|(&a, &b)| is_close(a, b)));
        assert!(list(&frame["gradient"]).iter().zip(gradient).all(|(&a, &b)| is_close(a, b)));
    }
    let end = &frames[told.len()];
    assert!(list(&end["w"]).iter().zip(mlp.parameters()).all(|(&a, &b)| is_close(a, b)));
    assert!(end["gradient"].is_null() && end["loss"].is_null());
}

/// A delta times what comes in is the derivative by the weight: from the loss's values alone, by central differences.
#[test]
fn deltas_times_inputs_are_the_derivatives_by_the_weights() {
    let data = Data::new(&[[0.3, -0.7]], &[[0.2, 0.9]]).unwrap();
    let mut mlp = network(2, 2);
    let (page, told, _) = run(&mut mlp, Loss::HalfSquared, &data, 3);
    for (k, (_, w, _)) in told.iter().enumerate() {
        let sample = &page["frames"][k]["samples"][0];
        let loss = |w: &[f64]| Loss::HalfSquared.of(&mlp.forward(w, data.input(0)), data.target(0));
        let difference = |place: usize| {
            let at = |shift: f64| {
                let mut w = w.clone();
                w[place] += shift;
                loss(&w)
            };
            (at(1e-5) - at(-1e-5)) / 2e-5
        };
        let delta = |layer: usize, neuron: usize| sample["delta"][layer][neuron].as_f64().unwrap();
        for neuron in 0..3 {
            for input in 0..2 {
                let by_weight = delta(0, neuron) * data.input(0)[input];
                assert!((by_weight - difference(neuron * 3 + input)).abs() < 1e-9);
            }
            assert!((delta(0, neuron) - difference(neuron * 3 + 2)).abs() < 1e-9, "the bias");
        }
        for neuron in 0..2 {
            let (slope, by_out) = (&sample["slope"][1][neuron], &sample["by_out"][1][neuron]);
            assert!(is_close(slope.as_f64().unwrap() * by_out.as_f64().unwrap(), delta(1, neuron)));
            let out = sample["out"][0][1].as_f64().unwrap();
            assert!((delta(1, neuron) * out - difference(9 + neuron * 4 + 1)).abs() < 1e-9);
        }
        assert!(is_close(sample["loss"].as_f64().unwrap(), loss(w)));
    }
}

#[test]
fn the_regions_are_the_classes_of_the_network() {
    let data = moons(30, 0.1, 3);
    let mut mlp = network(2, 1);
    let (page, ..) = run(&mut mlp, Loss::Hinge, &data, 40);
    let (given, frames) = (&page["picture"], page["frames"].as_array().unwrap());
    let (x, y) = (list(&given["x"]), list(&given["y"]));
    let cells = given["cells"].as_u64().unwrap() as usize;
    let letters: Vec<char> = frames.last().unwrap()["picture"].as_str().unwrap().chars().collect();
    let mut seen = [0; 2];
    for row in 0..cells {
        for column in 0..cells {
            let at = |[low, high]: [f64; 2], k: usize| low + (high - low) * (k as f64 + 0.5) / cells as f64;
            let point = [at([x[0], x[1]], column), at([y[0], y[1]], cells - 1 - row)];
            let letter = letters[row * cells + column];
            // Eight levels of certainty for each class, in the order of the alphabet.
            let class = (letter as usize - 'A' as usize) / 8;
            assert_eq!(class, mlp.classify(&point), "at {point:?}");
            seen[class] += 1;
        }
    }
    assert!(seen[0] > 100 && seen[1] > 100, "{seen:?}");
}

#[test]
fn one_input_gives_a_curve_and_numbers_without_classes_give_outputs_against_targets() {
    let mut mlp = network(1, 1);
    let (page, ..) = run(&mut mlp, Loss::Squared, &sine(20, 0.0, 0), 5);
    assert_eq!(page["picture"]["kind"], "curve");
    let x = list(&page["picture"]["x"]);
    let last = &page["frames"][5]["picture"];
    for (k, &x) in x.iter().enumerate() {
        assert!(is_close(last[k][0].as_f64().unwrap(), mlp.predict(&[x])[0]) || (x * 1e9).fract() != 0.0);
    }

    let data = Data::new(&[[0.1, 0.2], [0.3, 0.4]], &[[1.0, 2.0], [3.0, 4.0]]).unwrap();
    let mut mlp = network(2, 2);
    let (page, ..) = run(&mut mlp, Loss::Squared, &data, 1);
    assert_eq!(page["picture"]["kind"], "targets");
    assert_eq!(page["picture"]["points"], serde_json::json!([[1.0, 2.0], [3.0, 4.0]]));
    for sample in 0..2 {
        let outputs = list(&page["frames"][1]["picture"][sample]);
        assert!(outputs.iter().zip(mlp.predict(data.input(sample))).all(|(&a, b)| is_close(a, b)));
    }
}

#[test]
fn a_long_run_keeps_the_first_updates_and_the_last_within_3_mb() {
    let data = moons(100, 0.1, 1337);
    let mut mlp = Mlp::builder(2)
        .layer(16, Activation::Relu)
        .layer(16, Activation::Relu)
        .layer(1, Activation::Identity)
        .seed(1)
        .build()
        .unwrap();
    let mut page = TrainingPage::new("long", &mlp, Loss::Hinge, &data).unwrap();
    let history = Trainer::new(Adam::new(0.01))
        .epochs(300)
        .batch(Batch::Size(10))
        .on_update(|update| page.record(update))
        .fit(&mut mlp, Loss::Hinge, &data)
        .unwrap();
    let html = page.html(&history);
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    let shown: Value = serde_json::from_str(&page.to_json(&history)).unwrap();
    let updates: Vec<u64> =
        shown["frames"].as_array().unwrap().iter().map(|frame| frame["update"].as_u64().unwrap()).collect();
    assert!(updates.is_sorted_by(|a, b| a < b));
    assert!(updates.starts_with(&[0, 1, 2, 3, 4, 5, 6, 7]));
    assert!(updates.ends_with(&[2999, 3000]));
    // The parameters after an update are there wherever the next frame has not got them.
    for pair in shown["frames"].as_array().unwrap().windows(2) {
        let is_next = pair[0]["update"].as_u64().unwrap() + 1 == pair[1]["update"].as_u64().unwrap();
        assert_eq!(pair[0]["after"].is_null(), is_next);
    }
}

const HOSTILE: &str = "</script><script>alert(1)</script><!-- {{script}} {{run}} \u{2028} \" ' & <b>";

#[test]
fn names_cannot_leave_their_place() {
    let data = moons(10, 0.1, 3);
    let mut mlp = network(2, 1);
    let plain = {
        let page = TrainingPage::new("plain", &mlp, Loss::Hinge, &data).unwrap();
        page.html(&History::default())
    };
    let mut page = TrainingPage::new(HOSTILE, &mlp, Loss::Hinge, &data)
        .unwrap()
        .class_names(&[HOSTILE, "b"])
        .input_names(&["a", HOSTILE]);
    let history = Trainer::new(Sgd::new(0.1)).epochs(2).on_update(|update| page.record(update)).fit(
        &mut mlp,
        Loss::Hinge,
        &data,
    );
    let html = page.html(&history.unwrap());
    for mark in ["<script", "</script", "<!--", "<b>"] {
        assert_eq!(html.matches(mark).count(), plain.matches(mark).count(), "{mark}");
    }
    let (_, after) = html.split_once(r#"id="run">"#).unwrap();
    let run: Value = serde_json::from_str(after.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(run["title"], HOSTILE);
    assert_eq!(run["classes"][0], HOSTILE);
    assert_eq!(run["inputs"][1], HOSTILE);
}

#[test]
fn a_page_asks_for_no_other_file() {
    let mut mlp = network(2, 1);
    let (_, _, html) = run(&mut mlp, Loss::BinaryCrossEntropy, &xor(), 2);
    for asking in ["src=", "@import", "url(http", "fetch(", "XMLHttpRequest", "https://"] {
        assert!(!html.contains(asking), "{asking}");
    }
    assert_eq!(html.matches("http://").count(), html.matches("http://www.w3.org/2000/svg").count());
}

#[test]
fn a_loss_of_ones_own_and_numbers_that_overflow() {
    let data = Data::new(&[[1.0], [2.0]], &[[0.0], [1.0]]).unwrap();
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    mlp.set_parameters(&[1e308, 0.0]).unwrap();
    let loss = |y: &[Var], t: &[Var]| (y[0] - t[0]).atan();
    let mut page = TrainingPage::with_loss("own", &mlp, loss, &data).unwrap();
    let history = Trainer::new(Sgd::new(0.0))
        .epochs(1)
        .batch(Batch::Each)
        .on_update(|update| page.record(update))
        .fit_with(&mut mlp, loss, &data.select(&[0]))
        .unwrap();
    let shown: Value = serde_json::from_str(&page.to_json(&history)).unwrap();
    assert_eq!(shown["loss"], "own loss");
    assert!(shown["frames"][0]["samples"][1]["net"][0][0].is_null(), "2e308 is not finite");
    assert!(page.html(&history).len() > 1000);

    // A loss that depends on nothing: its derivatives are zeros.
    let constant = |_: &[Var], _: &[Var]| Var::from(1.0);
    let mut page = TrainingPage::with_loss("constant", &mlp, constant, &data).unwrap();
    Trainer::new(Sgd::new(0.1))
        .epochs(1)
        .on_update(|update| page.record(update))
        .fit_with(&mut mlp, |y: &[Var], _: &[Var]| y[0] * 0.0, &data.select(&[0]))
        .unwrap();
    let frame: Value = serde_json::from_str(&page.last_frame_json().unwrap()).unwrap();
    assert_eq!(frame["samples"][0]["delta"], serde_json::json!([[0.0]]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (mlp, data) = (network(2, 1), moons(10, 0.1, 3));
    let none = data.select(&[]);
    assert!(matches!(TrainingPage::new("", &mlp, Loss::Hinge, &none), Err(Error::NoSamples(_))));
    assert!(matches!(TrainingPage::new("", &mlp, Loss::Hinge, &xor()), Err(Error::Target { .. })));
    assert!(matches!(TrainingPage::new("", &network(3, 1), Loss::Hinge, &data), Err(Error::Length { .. })));

    let page = || TrainingPage::new("", &mlp, Loss::Hinge, &data).unwrap();
    type Change = fn(TrainingPage<'static>) -> TrainingPage<'static>;
    let refused: [(Change, &str); 6] = [
        (|page| page.samples(&[10]), "there is no sample 10: there are 10, counted from 0"),
        (|page| page.samples(&[]), "no sample to follow"),
        (|page| page.class_names(&["one"]), "1 names for 2 classes"),
        (|page| page.input_names(&["one"]), "1 names for 2 inputs"),
        (|page| page.axes(0, 0), "axes 0 and 0"),
        (|page| page.axes(0, 2), "axes 0 and 2"),
    ];
    for (change, text) in refused {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(change(page()))));
        let panic = outcome.expect_err("a panic");
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.unwrap_or_else(|| (*panic.downcast_ref::<&str>().expect("a text")).to_owned());
        assert!(message.starts_with(text), "{message}");
    }
    // Before the first update there is nothing to show, and that is said.
    assert_eq!(page().last_frame_json(), None);
    assert!(page().html(&History::default()).contains("No update was recorded."));
}

/// The numbers of the updates that a page keeps.
fn updates(page: &TrainingPage<'_>) -> Vec<u64> {
    let shown: Value = serde_json::from_str(&page.to_json(&History::default())).unwrap();
    let frames = shown["frames"].as_array().unwrap().iter();
    frames.map(|frame| frame["update"].as_u64().unwrap()).collect()
}

#[test]
fn a_resumed_run_keeps_its_first_updates_and_another_run_replaces_it() {
    let data = moons(20, 0.1, 1);
    let path = std::env::temp_dir().join(format!("tapegrad-page-{}.json", std::process::id()));
    let mut mlp = network(2, 1);
    let trainer = |epochs| Trainer::new(Sgd::new(0.001)).epochs(epochs);
    trainer(1000).checkpoint(&path, 1000).fit(&mut mlp, Loss::Hinge, &data).unwrap();
    let mut page = TrainingPage::new("resumed", &mlp, Loss::Hinge, &data).unwrap();
    trainer(1100)
        .resume_from(&path)
        .on_update(|update| page.record(update))
        .fit(&mut mlp, Loss::Hinge, &data)
        .unwrap();
    assert_eq!(updates(&page), (1000..=1100).collect::<Vec<u64>>());
    trainer(3).on_update(|update| page.record(update)).fit(&mut mlp, Loss::Hinge, &data).unwrap();
    assert_eq!(updates(&page), [0, 1, 2, 3]);
    std::fs::remove_file(path).unwrap();
}

/// Seventy outputs of each of many samples would be most of the file.
#[test]
fn many_outputs_stay_within_3_mb_too() {
    let inputs: Vec<[f64; 5]> =
        (0..700).map(|k| [k % 2, k % 3, k % 5, k % 7, k % 11].map(f64::from)).collect();
    let classes: Vec<usize> = (0..700).map(|k| k % 70).collect();
    let data = Data::classes(&inputs, &classes, 70).unwrap();
    let mut mlp = network(5, 70);
    let (page, _, html) = run(&mut mlp, Loss::CrossEntropy, &data, 60);
    assert_eq!(page["picture"]["kind"], "targets", "more classes than there are letters");
    assert_eq!(page["picture"]["points"].as_array().unwrap().len(), 7);
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
}

#[test]
fn ranges_of_huge_numbers_are_finite() {
    for (inputs, low, high) in [([-1e308, 1e308], -1.25e300, 1.25e300), ([8e20, 8e20], 7e20, 9e20)] {
        let data = Data::new(&inputs.map(|x| [x, 1.0]), &[[1.0], [0.0]]).unwrap();
        let page = TrainingPage::with_loss("", &network(2, 1), |y: &[Var], _: &[Var]| y[0], &data).unwrap();
        let run: Value = serde_json::from_str(&page.class_names(&["a", "b"]).run_json()).unwrap();
        let range = list(&run["picture"]["x"]);
        assert!(is_close(range[0], low) && is_close(range[1], high), "{range:?}");
    }
}

#[test]
fn a_slice_goes_through_the_means_of_the_other_inputs() {
    let data = Data::new(&[[0.0, 0.0, 4.0], [1.0, 1.0, 6.0]], &[[-1.0], [1.0]]).unwrap();
    let mut mlp = Mlp::builder(3).layer(1, Activation::Identity).build().unwrap();
    // Above 0 at the mean of the third input, which is 5.
    mlp.set_parameters(&[0.0, 0.0, 1.0, -4.5]).unwrap();
    let (page, ..) = run(&mut mlp, Loss::Hinge, &data, 1);
    assert_eq!(page["picture"]["is_slice"], true);
    let letters = page["frames"][0]["picture"].as_str().unwrap();
    assert!(letters.chars().all(|letter| ('I'..='P').contains(&letter)), "class 1: {letters}");

    let (page, ..) = run(&mut network(2, 1), Loss::Hinge, &moons(10, 0.1, 3), 1);
    assert_eq!(page["picture"]["is_slice"], false);
}

#[test]
fn where_an_output_is_no_number_there_is_no_class() {
    let data = Data::new(&[[0.0, 0.0], [10.0, 10.0]], &[[0.0], [1.0]]).unwrap();
    let mut mlp = Mlp::builder(2).layer(1, Activation::Identity).build().unwrap();
    mlp.set_parameters(&[1e308, -1e308, 0.0]).unwrap();
    let loss = |y: &[Var], _: &[Var]| y[0] * 0.0;
    let mut page = TrainingPage::with_loss("", &mlp, loss, &data).unwrap().class_names(&["a", "b"]);
    Trainer::new(Sgd::new(0.0))
        .epochs(1)
        .on_update(|update| page.record(update))
        .fit_with(&mut mlp, loss, &data.select(&[0]))
        .unwrap();
    let frame: Value = serde_json::from_str(&page.last_frame_json().unwrap()).unwrap();
    let letters = frame["picture"].as_str().unwrap();
    // Infinity minus infinity at the upper right, row by row from the top.
    assert!(letters[..48].ends_with('?'), "{letters}");
    assert!(!letters[47 * 48..].starts_with('?'), "{letters}");
}

#[test]
fn what_the_page_tells_of_the_run() {
    let data = moons(8, 0.1, 3);
    let mut mlp = Mlp::builder(2)
        .layer(2, Activation::Tanh)
        .layer(1, Activation::Identity)
        .bias(Bias::Shared)
        .build()
        .unwrap();
    mlp.parameters_mut()[0] = 1.0 / 3.0;
    let (page, ..) = run(&mut mlp, Loss::Hinge, &data, 2501);
    let epochs = page["epochs"].as_array().unwrap();
    assert!((800..=1001).contains(&epochs.len()), "{}", epochs.len());
    assert_eq!((&epochs[0]["updates"], &epochs[epochs.len() - 1]["updates"]), (&1.into(), &2501.into()));
    let samples: Vec<&Value> =
        page["samples"].as_array().unwrap().iter().map(|sample| &sample["sample"]).collect();
    assert_eq!(samples, [0, 2, 4, 6], "evenly spread");
    assert_eq!(
        (&page["layers"][0]["bias"], &page["layers"][0]["activation"]),
        (&"shared".into(), &"tanh".into())
    );
    assert_eq!(page["frames"][0]["w"][0], 0.333_333_333_3, "ten digits");
}

#[test]
fn softmax_has_no_derivative_of_one_output_by_one_net_input() {
    let data = Data::classes(&[[0.0, 1.0], [1.0, 0.0]], &[0, 1], 2).unwrap();
    let mut mlp = Mlp::builder(2).layer(2, Activation::Softmax).build().unwrap();
    let (page, ..) = run(&mut mlp, Loss::HalfSquared, &data, 1);
    assert_eq!(page["frames"][0]["samples"][0]["slope"], serde_json::json!([[]]));
}
