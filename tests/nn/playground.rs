//! A network that learns in the playground learns as by `Trainer`, to the bit; requests are limited.

#[path = "../../examples/playground/network.rs"]
mod network;
#[allow(dead_code)]
#[path = "../../examples/playground/problem.rs"]
mod problem;
#[path = "../../examples/playground/settings.rs"]
mod settings;

use network::Learning;
use problem::Problem;
use serde_json::{Value, json};
use settings::Settings;
use tapegrad::nn::{Activation, Adam, Batch, Data, Loss, Mlp, Order, Sgd, Trainer, circles, sine};

fn request() -> Value {
    json!({
        "hidden": [4, 3], "activation": "tanh", "loss": "binary_cross_entropy", "optimizer": "adam", "rate": 0.05,
        "data": "circles", "noise": 0.1, "seed": 3, "batch": 32, "epochs": 40,
    })
}

fn with(changes: Value) -> Value {
    let mut request = request();
    request.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    request
}

/// The news when it is over, with all frames.
fn last_news(learning: &Learning) -> Value {
    let mut since = 0;
    loop {
        let news: Value = serde_json::from_str(&learning.news(since)).unwrap();
        since = news["next"].as_u64().unwrap();
        if news["over"] == true {
            return news;
        }
    }
}

fn parameters(news: &Value) -> Vec<f64> {
    news["parameters"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).collect()
}

fn start(request: &Value) -> Learning {
    Learning::start(Settings::read(request).unwrap(), 0)
}

/// The network of the request, built by hand.
fn network_of(inputs: usize) -> Mlp {
    let hidden = Mlp::builder(inputs).layer(4, Activation::Tanh).layer(3, Activation::Tanh);
    hidden.layer(1, Activation::Identity).seed(3).build().unwrap()
}

#[test]
fn it_learns_as_by_a_trainer_to_the_bit() {
    // The same by hand: targets 0 and 1.
    let circles = circles(100, 0.1, 3);
    let inputs: Vec<&[f64]> = (0..100).map(|k| circles.input(k)).collect();
    let targets: Vec<[f64; 1]> = (0..100).map(|k| [circles.target(k)[0].max(0.0)]).collect();
    let data = Data::new(&inputs, &targets).unwrap();
    let mut mlp = network_of(2);
    Trainer::new(Adam::new(0.05))
        .epochs(40)
        .batch(Batch::Size(32))
        .order(Order::Shuffled { seed: 3 })
        .fit(&mut mlp, Loss::BinaryCrossEntropy, &data)
        .unwrap();

    // Two at once, one of which is paused for a while and goes slowly at first.
    let (learning, other) = (start(&request()), start(&request()));
    other.change(&json!({ "paused": true })).unwrap();
    other.change(&json!({ "paused": false, "speed": 1000 })).unwrap();
    for learning in [learning, other] {
        let news = last_news(&learning);
        assert_eq!(news["error"], Value::Null);
        assert_eq!(parameters(&news), mlp.parameters());
        assert!(learning.page().unwrap().starts_with("<!DOCTYPE html>"));
    }
}

#[test]
fn a_curve_and_points_set_by_hand() {
    let curve = with(
        json!({ "data": "sine", "loss": "half_squared", "optimizer": "sgd", "batch": 300, "noise": 0.0 }),
    );
    let mut mlp = network_of(1);
    Trainer::new(Sgd::new(0.05))
        .epochs(40)
        .order(Order::Shuffled { seed: 3 })
        .fit(&mut mlp, Loss::HalfSquared, &sine(60, 0.0, 3))
        .unwrap();
    assert_eq!(parameters(&last_news(&start(&curve))), mlp.parameters());

    let points =
        with(json!({ "data": "points", "points": [[0, 0, 0], [1, 1, 1], [0.5, -2, 0]], "loss": "hinge" }));
    let news = last_news(&start(&points));
    assert_eq!((&news["error"], parameters(&news).len()), (&Value::Null, 3 * 4 + 5 * 3 + 4));
}

#[test]
fn the_rate_changes_while_it_learns_and_a_run_can_be_stopped() {
    let long = with(json!({ "epochs": 20000, "optimizer": "sgd", "rate": 1e-300 }));
    let learning = start(&long);
    let before = parameters(&serde_json::from_str::<Value>(&learning.news(0)).unwrap());
    learning.change(&json!({ "rate": 0.5 })).unwrap();
    let mut since = 0;
    // At a rate of 1e-300 nothing would ever change.
    loop {
        let news: Value = serde_json::from_str(&learning.news(since)).unwrap();
        since = news["next"].as_u64().unwrap();
        let now = parameters(&news);
        if !before.is_empty() && now != before {
            break;
        }
        assert_eq!(news["over"], false, "changed before the end");
    }
    learning.change(&json!({ "stopped": true })).unwrap();
    assert_eq!(last_news(&learning)["error"], Value::Null);
}

#[test]
fn a_run_that_fails_says_why() {
    let bad = with(
        json!({ "rate": 100, "optimizer": "sgd", "loss": "half_squared", "activation": "identity", "epochs": 2000 }),
    );
    let error = last_news(&start(&bad))["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("training stopped at update"), "{error}");
}

#[test]
fn what_is_too_large_or_no_setting_is_an_error_of_its_field() {
    let many = vec![json!([0, 0, 0]); 301];
    for (changes, field) in [
        (json!({ "hidden": [17] }), "hidden"),
        (json!({ "hidden": [0] }), "hidden"),
        (json!({ "hidden": [1, 1, 1, 1, 1] }), "hidden"),
        (json!({ "hidden": "4" }), "hidden"),
        (json!({ "activation": "softmax" }), "activation"),
        (json!({ "activation": { "elu": "large" } }), "activation"),
        (json!({ "activation": "sine" }), "activation"),
        (json!({ "loss": "best" }), "loss"),
        (json!({ "data": "sine" }), "loss"),
        (json!({ "optimizer": "lbfgs" }), "optimizer"),
        (json!({ "rate": 0 }), "rate"),
        (json!({ "rate": -1 }), "rate"),
        (json!({ "rate": 1e9 }), "rate"),
        (json!({ "rate": null }), "rate"),
        (json!({ "noise": 2 }), "noise"),
        (json!({ "seed": -1 }), "seed"),
        (json!({ "batch": 0 }), "batch"),
        (json!({ "epochs": 20001 }), "epochs"),
        (json!({ "data": "../../etc/passwd" }), "data"),
        (json!({ "data": "points" }), "points"),
        (json!({ "data": "points", "points": [] }), "points"),
        (json!({ "data": "points", "points": many }), "points"),
        (json!({ "data": "points", "points": [[0, 0, 2]] }), "points"),
        (json!({ "data": "points", "points": [[1e9, 0, 1]] }), "points"),
        (json!({ "data": "points", "points": [[0, 0]] }), "points"),
    ] {
        match Settings::read(&with(changes.clone())) {
            Err(Problem { field: found, message, .. }) => {
                assert_eq!(found, field, "{changes}: {message}");
                assert!(!message.is_empty());
            }
            Ok(_) => panic!("{changes} was taken"),
        }
    }
    assert!(Settings::read(&Value::Null).is_err());
    let learning = start(&request());
    for (change, field) in [
        (json!({ "rate": "x" }), "rate"),
        (json!({ "speed": -1 }), "speed"),
        (json!({ "speed": 1.5 }), "speed"),
        // Nothing is changed if one of several is wrong: it would pause for ever.
        (json!({ "paused": true, "stopped": 1 }), "stopped"),
        (json!({ "paused": true, "rate": 0 }), "rate"),
    ] {
        assert_eq!(learning.change(&change).unwrap_err().field, field);
    }
    assert_eq!(last_news(&learning)["error"], Value::Null);
}
