//! Files: what is loaded is what was saved, bit for bit; what is broken is refused; what dies leaves a whole
//! file behind.

use crate::nets::{bits, for_any_flipped_bit, fresh_directory, model, seal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tapegrad::nn::{
    Activation, Adam, AdamW, Batch, Bias, Data, Error, Loss, Metric, Mlp, Model, Order, Random, RmsProp, Sgd,
    Trainer, blobs, sine,
};

#[test]
fn a_loaded_model_predicts_the_same_bits() {
    let directory = fresh_directory("roundtrip");
    let path = directory.join("model.json");
    let model = model();
    model.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(bits(loaded.mlp().parameters()), bits(model.mlp().parameters()));
    assert_eq!(loaded, model);
    let mut random = Random::new(1);
    for _ in 0..100 {
        let x = [random.normal(), random.normal()];
        assert_eq!(bits(&loaded.predict(&x)), bits(&model.predict(&x)));
    }
    assert!(Mlp::load(&path).unwrap_err().to_string().contains("Model::load"));

    let mlp = Mlp::builder(1).layer(1, Activation::Gelu).bias(Bias::Shared).seed(2).build().unwrap();
    mlp.save(&path).unwrap();
    assert_eq!(Mlp::load(&path).unwrap(), mlp);
    let left: Vec<_> = std::fs::read_dir(&directory).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left");
}

#[test]
fn every_truncation_is_refused() {
    let path = fresh_directory("truncation").join("model.json");
    model().save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Model::load(&path), Err(Error::Format { .. })), "cut to {length} bytes");
    }
}

#[test]
fn broken_files_are_refused_with_the_reason() {
    let path = fresh_directory("broken").join("model.json");
    let load = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Model::load(&path).unwrap_err().to_string()
    };
    let small = |layers: &str, parameters: &str| {
        format!(
            "{{\"format\":\"tapegrad model\",\"version\":3,\"content\":{{\"mlp\":{{\"layers\":[{layers}],\
             \"parameters\":[{parameters}],\"frozen\":[]}},\"input_scaler\":null,\"target_scaler\":null,\"classes\":[],\"encoder\":null}}}}"
        )
    };
    let layer = |inputs: &str, outputs: &str| {
        format!(
            "{{\"inputs\":{inputs},\"outputs\":{outputs},\"activation\":\"relu\",\"bias\":\"per_neuron\"}}"
        )
    };
    let good = seal(&small(&layer("1", "1"), "1.0,2.0"));
    std::fs::write(&path, &good).unwrap();
    assert_eq!(Model::load(&path).unwrap().predict(&[3.0]), [5.0]);

    for (text, reason) in [
        (small(&layer("1", "1"), "1.0"), "the layers have 2 parameters, and 1 are given"),
        (small(&layer("1", "1"), "1.0,null"), "invalid type: null"),
        (small(&layer("1", "1"), "1.0,1e999"), "number out of range"),
        (small("", ""), "at least one layer"),
        (small(&layer("0", "1"), "1.0"), "0 inputs"),
        (small(&layer("9999999999999", "9999999999999"), "1.0"), "more parameters than can be counted"),
        (small(&layer("4294967295", "1000000"), "1.0"), "and 1 are given"),
        (small(&layer("-1", "1"), "1.0"), "invalid value"),
        (small(&[layer("1", "2"), layer("3", "1")].join(","), "1.0"), "the layer before it gives 2"),
        (good.replace("relu", "sin"), "unknown variant"),
        (good.replace("\"relu\"", "{\"elu\":1e999}"), "number out of range"),
        (
            good.replace("\"version\":3", "\"version\":4"),
            "version 4 of the format `tapegrad model`, and this build reads version 3; use a newer",
        ),
        (
            good.replace("\"version\":3", "\"version\":2"),
            "version 2 of the format `tapegrad model`, and this build reads version 3; use an older",
        ),
        (good.replace("\"version\":3", "\"version\":0"), "version 0 of the format"),
        (good.replace("tapegrad model", "tapegrad checkpoint"), "not a `tapegrad model`"),
        (
            good.replace("\"input_scaler\":null", "\"input_scaler\":{\"shift\":[0,0],\"scale\":[1,1]}"),
            "columns",
        ),
        (
            good.replace("\"input_scaler\":null", "\"input_scaler\":{\"shift\":[0],\"scale\":[0]}"),
            "other than 0",
        ),
        (good.replace("\"classes\":[]", "\"classes\":[\"a\"]"), "class names: 1 given, 2 needed"),
        (good.replace("\"frozen\":[]", "\"frozen\":[7]"), "no parameter 7 to freeze"),
        (good.replace("\"parameters\"", "\"else\":[7],\"parameters\""), "unknown field"),
        (good.replace("\"version\"", "\"else\":1,\"version\""), "unknown field"),
        (good.replace("[1.0,2.0]", "[1.0,3.0]"), "damaged or edited"),
        (format!("{good} trailing"), "trailing characters"),
        ("[".repeat(100_000), "not a complete"),
        ("\u{0}\u{1}".to_owned(), "not a complete"),
        (String::new(), "not a complete"),
    ] {
        // Those without a checksum are sealed, so that it is the content that is refused.
        let is_whole = text.contains("content") && !text.contains("checksum") && !text.ends_with("trailing");
        let error = load(&if is_whole { seal(&text) } else { text });
        assert!(error.contains(reason) && error.contains("model.json"), "{reason}: {error}");
    }
    // Every entry has to be there.
    for entry in [
        "\"format\":\"tapegrad model\",",
        "\"version\":3,",
        "\"layers\":[{\"inputs\":1,\"outputs\":1,\"activation\":\"relu\",\"bias\":\"per_neuron\"}],",
        "\"inputs\":1,",
        "\"outputs\":1,",
        "\"activation\":\"relu\",",
        ",\"bias\":\"per_neuron\"",
        "\"parameters\":[1.0,2.0],",
        ",\"frozen\":[]",
        "\"input_scaler\":null,",
        "\"target_scaler\":null,",
        ",\"classes\":[]",
    ] {
        let without = good.replacen(entry, "", 1);
        assert_ne!(without, good, "{entry}");
        let name = entry.trim_start_matches(',').split('"').nth(1).unwrap();
        let error = load(&seal(&without));
        assert!(error.contains(&format!("missing field `{name}`")), "{name}: {error}");
    }
    let (head, content) = good.split_once(",\"checksum\"").unwrap();
    let unsealed = format!("{head}{}", &content[content.find(",\"content\"").unwrap()..]);
    assert!(load(&unsealed).contains("missing field `checksum`"));
    // Indented, it still says the same.
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    std::fs::write(&path, serde_json::to_string_pretty(&value).unwrap()).unwrap();
    assert_eq!(Model::load(&path).unwrap().predict(&[3.0]), [5.0]);
    assert!(matches!(Model::load(path.with_file_name("none.json")), Err(Error::Io { .. })));
    assert!(matches!(model().save(Path::new("/")), Err(Error::Io { .. })));
}

#[test]
fn a_model_that_is_not_finite_is_not_saved() {
    let path = fresh_directory("nan").join("model.json");
    model().save(&path).unwrap();
    let mut broken = model().into_mlp();
    broken.parameters_mut()[1] = f64::NAN;
    assert!(broken.save(&path).unwrap_err().to_string().contains("`layers.0.neurons.0.weights.1` is NaN"));
    assert_eq!(Model::load(&path).unwrap(), model(), "the file that was there still is");
    {
        let path = path.with_extension("safetensors");
        let error = Model::new(broken).save_safetensors(&path).unwrap_err().to_string();
        assert!(error.contains("`layers.0.neurons.0.weights.1` is NaN") && !path.exists());
    }
}

/// A single output is a logit, as `accuracy` and the confusion matrix take it.
#[test]
fn a_single_output_tells_two_classes() {
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    mlp.set_parameters(&[1.0, 0.0]).unwrap();
    let model = Model::new(mlp).naming_classes(&["below", "above"]).unwrap();
    assert_eq!(model.classify(&[2.0]), (1, "above".to_owned()));
    assert_eq!(model.classify(&[-2.0]), (0, "below".to_owned()));
    let path = fresh_directory("two-classes").join("model.json");
    model.save(&path).unwrap();
    assert_eq!(Model::load(&path).unwrap(), model);
}

#[test]
fn a_flipped_bit_is_told() {
    let path = fresh_directory("flipped").join("model.json");
    model().save(&path).unwrap();
    for_any_flipped_bit(&path, &std::fs::read(&path).unwrap(), || Model::load(&path).ok(), &model());
}

/// From the definition of the checksum: CRC-32 of the content as compact JSON.
#[test]
fn the_checksum_is_the_documented_one() {
    assert_eq!(crate::nets::crc32(b"123456789"), 0xcbf4_3926);
    let path = fresh_directory("checksum").join("model.json");
    model().save(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(seal(&text), text);
}

fn trainers() -> Vec<Trainer<'static>> {
    let batches =
        |trainer: Trainer<'static>| trainer.batch(Batch::Size(7)).order(Order::Shuffled { seed: 4 });
    vec![
        batches(Trainer::new(Adam::new(0.01))),
        batches(Trainer::new(AdamW::new(0.01))).validation_split(0.3, 1).early_stopping(3),
        batches(Trainer::new(Sgd::new(0.05).nesterov(0.9))).metric(Metric::Accuracy),
        batches(Trainer::new(RmsProp { momentum: 0.5, centered: true, ..RmsProp::new(0.01) })),
    ]
}

fn task() -> (Mlp, Data) {
    let mlp =
        Mlp::builder(2).layer(6, Activation::Tanh).layer(3, Activation::Identity).seed(2).build().unwrap();
    (mlp, blobs(40, 3, 2.0, 5))
}

/// Interrupted after any epoch, and gone on from the checkpoint, a run ends with the same bits.
#[test]
fn a_resumed_run_has_the_bits_of_an_uninterrupted_one() {
    let path = fresh_directory("resume").join("run.json");
    let (mlp, data) = task();
    for k in 0..trainers().len() {
        let fit = |trainer: Trainer<'_>, epochs| {
            let mut mlp = mlp.clone();
            let history = trainer.epochs(epochs).fit(&mut mlp, Loss::CrossEntropy, &data).unwrap();
            (bits(mlp.parameters()), history)
        };
        let trainer = || trainers().swap_remove(k);
        let whole = fit(trainer(), 12);
        for interrupted_after in [1, 4, 11, 12] {
            fit(trainer().checkpoint(&path, 1), interrupted_after);
            let resumed = fit(trainer().resume_from(&path), 12);
            assert_eq!(resumed, whole, "trainer {k}, interrupted after {interrupted_after}");
        }
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let path = fresh_directory("mismatch").join("run.json");
    let (mut mlp, data) = task();
    let mut trainer = Trainer::new(Adam::new(0.01)).epochs(2).checkpoint(&path, 1);
    trainer.fit(&mut mlp, Loss::CrossEntropy, &data).unwrap();
    let resume = |mut mlp: Mlp, data: &Data, trainer: Trainer<'_>| {
        let before = mlp.clone();
        let error = trainer.resume_from(&path).fit(&mut mlp, Loss::Squared, data).unwrap_err().to_string();
        assert_eq!(mlp, before);
        error
    };
    let other = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    let error = resume(other, &sine(40, 0.0, 0), Trainer::new(Adam::new(0.01)));
    assert!(error.contains("39 parameters, this one has 2"), "{error}");
    let error = resume(mlp.clone(), &data.select(&[1, 2]), Trainer::new(Adam::new(0.01)));
    assert!(error.contains("40 samples, not 2"), "{error}");
    let error = resume(mlp.clone(), &data, Trainer::new(Sgd::new(0.01)));
    assert!(error.contains("of the optimiser `adam`, this one is `sgd`"), "{error}");
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(97) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = resume(mlp.clone(), &data, Trainer::new(Adam::new(0.01)));
        assert!(error.contains("run.json"), "{error}");
    }
}

#[test]
fn a_checkpoint_that_contradicts_itself_is_refused() {
    let path = fresh_directory("hostile").join("run.json");
    let (mut mlp, data) = task();
    let trainer = |epochs| trainers().swap_remove(1).epochs(epochs);
    trainer(2).checkpoint(&path, 1).fit(&mut mlp, Loss::CrossEntropy, &data).unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    let mut resume = |text: &str, epochs| {
        std::fs::write(&path, text).unwrap();
        trainer(epochs)
            .resume_from(&path)
            .fit(&mut mlp, Loss::CrossEntropy, &data)
            .map_err(|error| error.to_string())
    };
    assert!(resume(&whole, 4).is_ok());
    let updates = 2 * 28usize.div_ceil(7);
    for (from, to) in [
        ("\"best_epoch\":1".to_owned(), "\"best_epoch\":99".to_owned()),
        ("\"best_epoch\":1".to_owned(), "\"best_epoch\":null".to_owned()),
        ("\"epoch\":1,".to_owned(), "\"epoch\":7,".to_owned()),
        (format!("\"updates\":{updates}"), format!("\"updates\":{}", u64::MAX)),
    ] {
        let broken = whole.replace(&from, &to);
        assert_ne!(broken, whole, "{from}");
        assert!(resume(&broken, 4).unwrap_err().contains("damaged or edited"), "{to}");
        let error = resume(&seal(&broken), 4).unwrap_err();
        assert!(error.contains("contradict"), "{to}: {error}");
    }
    // Any one bit changed: an error, or the same numbers. And never a panic, also where the checksum is right.
    let undamaged = resume(&whole, 3).unwrap();
    for place in 0..whole.len() {
        let mut damaged = whole.clone().into_bytes();
        damaged[place] ^= 1 << (place % 7);
        let damaged = String::from_utf8_lossy(&damaged);
        assert!(resume(&damaged, 3).ok().is_none_or(|history| history == undamaged), "byte {place}");
        if place % 20 == 0 && damaged.contains(",\"content\":") && damaged.ends_with('}') {
            let _ = resume(&seal(&damaged), 3);
        }
    }
}

/// The process that gets killed: trains with a checkpoint after every epoch, and saves at the end.
#[test]
#[ignore = "not a test of its own: a process for the tests below"]
fn child_process() {
    let Ok(directory) = std::env::var("TAPEGRAD_CHILD") else { return };
    let (checkpoint, result) =
        (Path::new(&directory).join("run.json"), Path::new(&directory).join("model.json"));
    let (mut mlp, data) = task();
    let mut trainer = trainers().swap_remove(0).epochs(200).checkpoint(&checkpoint, 1);
    if checkpoint.exists() {
        trainer = trainer.resume_from(&checkpoint);
    }
    trainer.fit(&mut mlp, Loss::CrossEntropy, &data).unwrap();
    mlp.save(result).unwrap();
}

fn start_child(directory: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "files::child_process", "--ignored"])
        .env("TAPEGRAD_CHILD", directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Starts or resumes a run and kills it a random time after it has a checkpoint; whether it was still running.
fn start_and_kill(directory: &Path, random: &mut Random) -> bool {
    let mut child = start_child(directory);
    while !directory.join("run.json").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_micros(200));
    }
    std::thread::sleep(Duration::from_micros(random.below(50_000) as u64));
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// In every round a training process dies at a random moment, at least once, and the run goes on from its
/// checkpoint. The final bytes are those of a run that was left alone.
fn kill_and_resume(rounds: u64) {
    let whole = fresh_directory("whole");
    assert!(start_child(&whole).wait().unwrap().success());
    let expected = std::fs::read(whole.join("model.json")).unwrap();
    let (mut random, mut epochs) = (Random::new(1), Vec::new());
    for round in 0..rounds {
        let mut directory = fresh_directory(&format!("killed-{round}"));
        // A run that ended before it was killed shows nothing; the next one may be slower.
        while !start_and_kill(&directory, &mut random) {
            directory = fresh_directory(&format!("killed-{round}"));
        }
        if random.below(2) == 1 {
            start_and_kill(&directory, &mut random);
        }
        let checkpoint = std::fs::read_to_string(directory.join("run.json")).unwrap();
        epochs.push(checkpoint.matches("\"epoch\"").count());
        assert!(start_child(&directory).wait().unwrap().success(), "round {round}");
        assert!(std::fs::read(directory.join("model.json")).unwrap() == expected, "round {round} differs");
        std::fs::remove_dir_all(directory).unwrap();
    }
    std::fs::remove_dir_all(whole).unwrap();
    println!("{rounds} of {rounds} runs ended with the same bytes; resumed after epochs {epochs:?}");
}

#[test]
fn a_killed_process_resumes_to_the_same_bytes() {
    kill_and_resume(3);
}

#[test]
#[ignore = "a long run"]
fn a_killed_process_resumes_to_the_same_bytes_20_of_20() {
    kill_and_resume(20);
}
