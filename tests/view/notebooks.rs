//! In a notebook, evcxr displays drawings as pictures and listings as tables.

use crate::xml;
use std::process::Command;
use tapegrad::Tape;

/// What another run of this program prints when it displays something.
fn displayed(test: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--ignored", "--exact", "--nocapture", test]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The content between the lines that evcxr looks for.
fn content<'a>(printed: &'a str, kind: &str) -> &'a str {
    let (_, rest) = printed.split_once(&format!("EVCXR_BEGIN_CONTENT {kind}\n")).expect("a beginning");
    rest.split_once("\nEVCXR_END_CONTENT\n").expect("an end").0
}

#[test]
#[ignore = "prints for the tests below"]
fn prints() {
    let tape = Tape::new();
    let x = tape.named("<b>\nEVCXR_END_CONTENT\n", 3.0);
    let y = x * x;
    let listing = tape.listing_with(&y.backward());
    println!();
    listing.graph().evcxr_display();
    listing.evcxr_display();
}

#[test]
fn pictures_and_tables() {
    let printed = displayed("notebooks::prints");
    let svg = xml::read(content(&printed, "image/svg+xml"));
    assert_eq!(svg.name, "svg");
    let table = xml::read(content(&printed, "text/html"));
    let rows: Vec<Vec<String>> = table
        .children
        .iter()
        .map(|row| row.children.iter().map(xml::Element::whole_text).collect())
        .collect();
    let name = r#""<b>\nEVCXR_END_CONTENT\n""#;
    assert_eq!(rows[1], ["0", name, "3", "6"]);
    assert_eq!(rows[2], ["1", &format!("mul({name}, {name})"), "9", "1"]);
}
