//! Promise: parameters of a network of one's own come back to the bit, under its own format and version, or not at all.

use crate::nets::{for_any_flipped_bit, fresh_directory};
use crate::own_networks::residual;
use tapegrad::nn::{Error, Mlp, Network};

#[test]
fn parameters_come_back_to_the_bit() {
    let path = fresh_directory("own-saved").join("net.json");
    let mut network = residual(3, 2, 5).unwrap();
    network.parameters_mut().freeze("blocks.1").unwrap();
    for (k, hard) in [-0.0, 5e-324, 1.0 / 3.0, f64::MAX].into_iter().enumerate() {
        network.parameters_mut().values_mut()[k] = hard;
    }
    network.save_parameters(&path).unwrap();
    let mut other = residual(3, 2, 6).unwrap();
    other.load_parameters(&path).unwrap();
    let bits = |network: &dyn Fn(usize) -> f64, count: usize| {
        (0..count).map(|k| network(k).to_bits()).collect::<Vec<_>>()
    };
    let count = network.parameters().len();
    assert_eq!(bits(&|k| network.parameters()[k], count), bits(&|k| other.parameters()[k], count));
    assert_eq!(network.parameters().frozen(), other.parameters().frozen());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"format\":\"test residual\",\"version\":1,\"checksum\":\""), "{text}");
    assert!(text.contains("[\"first.layers.0.neurons.0.weights.0\",-0.0]"), "{text}");
}

#[test]
fn another_network_or_version_is_refused() {
    let path = fresh_directory("own-refused").join("net.json");
    residual(3, 2, 5).unwrap().version(2).save_parameters(&path).unwrap();
    let refused = |mut network: tapegrad::nn::CustomNetwork<_>| {
        let before = network.clone_parameters();
        let error = network.load_parameters(&path).unwrap_err();
        assert_eq!(network.clone_parameters(), before);
        error
    };
    let error = refused(residual(3, 2, 5).unwrap());
    assert!(matches!(error, Error::Version { found: 2, known: 1, .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("version 2 of the format `test residual`")
            && message.contains("a newer version of the program"),
        "{message}"
    );
    let error = refused(residual(3, 2, 5).unwrap().version(3)).to_string();
    assert!(error.contains("an older version of the program"), "{error}");
    let error = refused(residual(3, 1, 5).unwrap().version(2)).to_string();
    assert!(error.contains("the file has 34 parameters, and the network 22"), "{error}");
    let error = Mlp::load(&path).unwrap_err().to_string();
    assert!(error.contains("this is a `test residual` file, not a `tapegrad model`"), "{error}");
    let mut mlp = Mlp::builder(1).layer(1, tapegrad::nn::Activation::Tanh).build().unwrap();
    mlp.save(&path).unwrap();
    let error = refused(residual(3, 2, 5).unwrap()).to_string();
    assert!(error.contains("this is a `tapegrad model` file, not a `test residual`"), "{error}");
    mlp.parameters_mut()[0] = f64::NAN;
    let error = mlp.save_parameters(&path).unwrap_err().to_string();
    assert!(error.contains("`layers.0.neurons.0.weights.0` is NaN"), "{error}");
}

#[test]
fn equally_many_parameters_with_other_names_are_refused() {
    use tapegrad::Real;
    use tapegrad::nn::{CustomNetwork, Forward, Parameters};
    struct First;
    impl Forward for First {
        fn forward<R: Real>(&self, w: &[R], _: &[R]) -> Vec<R> {
            vec![w[0]]
        }
    }
    let of = |name: &str| {
        let mut parameters = Parameters::new(0);
        parameters.numbers(name, &[1.0]).unwrap();
        CustomNetwork::new("first", parameters, [1, 1], First)
    };
    let path = fresh_directory("own-names").join("net.json");
    of("a").save_parameters(&path).unwrap();
    let error = of("b").load_parameters(&path).unwrap_err().to_string();
    assert!(error.contains("parameter 0 is `a.0` in the file, and `b.0` in the network"), "{error}");
}

#[test]
fn a_damaged_file_is_refused_or_means_the_same() {
    let path = fresh_directory("own-damaged").join("net.json");
    let network = residual(1, 0, 5).unwrap();
    network.save_parameters(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let load = || {
        let mut loaded = residual(1, 0, 0).unwrap();
        loaded.load_parameters(&path).ok().map(|()| loaded.clone_parameters())
    };
    for_any_flipped_bit(&path, &whole, load, &network.clone_parameters());
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(load().is_none(), "{length} bytes");
    }
}

trait CloneParameters {
    fn clone_parameters(&self) -> Vec<f64>;
}

impl<N: Network> CloneParameters for N {
    fn clone_parameters(&self) -> Vec<f64> {
        self.parameters().to_vec()
    }
}
