//! The public items of a crate, one a line, from the JSON of rustdoc. Blanket and auto trait implementations are left out.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("give the JSON file that rustdoc wrote")?;
    let api = public_api::Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()?;
    api.items().for_each(|item| println!("{item}"));
    Ok(())
}
