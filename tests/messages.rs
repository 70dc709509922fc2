//! Promise: an error says what was wrong, also as `main` and `unwrap` print it, and by the names that a user knows.

use tapegrad::nn::{self, Activation, Adam, Backend, Batch, Bias, Data, Loss, Mlp, Sgd, Table, Trainer};
use tapegrad::{Function, Tape};

#[test]
fn an_error_that_main_returns_is_its_message() {
    let error = Table::parse("1,2\n3,four\n", false).unwrap().numbers(0..2).unwrap_err();
    assert_eq!(format!("{error:?}"), "csv, row 2, column 2: `four` is not a number");
    let error = Table::read("no/such/file.csv", false).unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(std::error::Error::source(&error).is_some());

    let error = Function::record(|[x]| x * x.value(), [1.0]).unwrap_err();
    assert!(format!("{error:?}").starts_with("a value was read out of a variable"), "{error:?}");
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_eq!(Tape::new().replayable(), Err(tapegrad::Error::NotRecording));

    fn main() -> Result<(), nn::Error> {
        Mlp::builder(0).layer(1, Activation::Tanh).build().map(|_| ())
    }
    let printed = format!("Error: {:?}", main().unwrap_err());
    assert!(printed.starts_with("Error: this network cannot be built: layer 0 has 0 inputs"), "{printed}");
}

/// A parameter that went wrong in training has the name that the network knows it by.
#[test]
fn training_names_parameters_as_the_network_does() {
    let network = |bias| {
        let builder = Mlp::builder(2).layer(3, Activation::Tanh).layer(1, Activation::Identity);
        builder.bias(bias).build().unwrap()
    };
    let data = Data::new(&[[0.5, -0.5], [0.25, 1.0]], &[[0.0], [0.0]]).unwrap();
    for (bias, name) in [(Bias::PerNeuron, "layers.1.neurons.0.bias"), (Bias::Shared, "layers.1.bias")] {
        for backend in [Backend::Recorded, Backend::RecordedSingle, Backend::Eager] {
            for batch in [Batch::Each, Batch::Full] {
                let mut mlp = network(bias);
                // Units that are nearly 1, three weights that give 1.5e308, and a bias with which that overflows.
                mlp.parameters_mut().fill(5e307);
                mlp.set(name, 1.5e308).unwrap();
                let mut trainer = Trainer::new(Sgd::new(0.1)).backend(backend).batch(batch).epochs(1);
                let error = trainer.fit(&mut mlp, Loss::Squared, &data).unwrap_err().to_string();
                assert!(error.contains(name), "{backend:?}, {batch:?}: {error}");
            }
        }
    }
    let mut mlp = network(Bias::PerNeuron);
    mlp.parameters_mut()[4] = f64::NAN;
    let error = Trainer::new(Adam::new(0.1)).fit(&mut mlp, Loss::Squared, &data).unwrap_err().to_string();
    assert_eq!(error, "`layers.0.neurons.1.weights.1` is NaN before training");
}
