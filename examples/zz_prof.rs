#![allow(missing_docs, dead_code, unused)]
#[path = "../benches/workloads/mod.rs"]
mod workloads;
use tapegrad::nn::Backend;
use workloads::training::{recipe::Recipe, *};
fn main() {
    let name = std::env::args().nth(1).unwrap();
    let steps: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let recipe = match name.as_str() {
        "iris" => Recipe::iris(),
        "moons" => Recipe::moons(),
        "digits" => Recipe::digits(),
        _ => Recipe::two_two_two(),
    };
    let t = std::time::Instant::now();
    let mut mlp = recipe.mlp.clone();
    let b = if std::env::args().nth(3).is_some() { Backend::Eager } else { Backend::Recorded };
    recipe.trainer(steps).backend(b).fit(&mut mlp, recipe.loss, &recipe.data).unwrap();
    println!("{name} {:.2} us/step", t.elapsed().as_secs_f64() * 1e6 / steps as f64);
}
