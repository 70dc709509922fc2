//! Values of the crate in a format of serde that says nothing about itself.

#[path = "../../common/nn.rs"]
mod nets;

use nets::model;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use tapegrad::Function;
use tapegrad::nn::{Activation, AdamW, Batch, Loss, Mlp, Model, Order, Scaler, State, Trainer, blobs};

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let bytes = postcard::to_allocvec(value).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value);
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
}

/// What was written is read: no entry is left out because it is empty.
#[test]
fn any_format_of_serde_will_do() {
    let nothing_frozen = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    there_and_back(&nothing_frozen);
    there_and_back(&Model::new(nothing_frozen.clone()));
    there_and_back(&model());
    let scaler = Scaler::new(vec![1.0], vec![2.0]).unwrap();
    there_and_back(
        &Model::new(nothing_frozen).scaling_inputs(scaler.clone()).unwrap().scaling_targets(scaler).unwrap(),
    );
    let mut mlp =
        Mlp::builder(2).layer(6, Activation::Tanh).layer(3, Activation::Identity).seed(2).build().unwrap();
    let trainer = Trainer::new(AdamW::new(0.01)).batch(Batch::Size(7)).order(Order::Shuffled { seed: 4 });
    let mut trainer = trainer.validation_split(0.3, 1).early_stopping(3).epochs(3);
    there_and_back(&trainer.fit(&mut mlp, Loss::CrossEntropy, &blobs(40, 3, 2.0, 5)).unwrap());
    there_and_back(&State::new("adam", 3));
    there_and_back(&Function::record(|[x, y]| if x < y { x * y } else { x }, [1.0, 2.0]).unwrap());
}
