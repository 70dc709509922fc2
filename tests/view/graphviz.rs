//! Graphviz accepts every drawing in DOT.

use crate::operands::listings;
use std::io::Write;
use std::process::{Command, Stdio};
use tapegrad::Function;

fn draw(dot: &str) -> String {
    let mut program = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Graphviz: `apt-get install graphviz`");
    program.stdin.take().unwrap().write_all(dot.as_bytes()).unwrap();
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{dot}", String::from_utf8_lossy(&output.stderr));
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaints.is_empty(), "{complaints}\n{dot}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs Graphviz"]
fn graphviz_draws_random_programs() {
    for listing in listings(60) {
        let svg = draw(&listing.graph().with_partials(true).to_dot());
        assert!(svg.matches("class=\"node\"").count() > 0);
    }
}

#[test]
#[ignore = "needs Graphviz"]
fn graphviz_reads_names_as_they_are() {
    let names = ["q\"];", "a\\", "\\N", "&amp;", "<b>", "{a|b}", "end", "🦀"];
    let f = Function::record(|x| x.iter().map(|x| x.sin()).sum::<tapegrad::Var>(), &[1.0; 8][..]).unwrap();
    let listing = f.with_names(names).unwrap().evaluator().listing(&[1.0; 8]).unwrap();
    let svg = draw(&listing.graph().folded(false).to_dot());
    for shown in ["q&quot;];", "a\\", "\\N", "&amp;amp;", "&lt;b&gt;", "{a|b}", "end", "🦀"] {
        assert!(svg.contains(&format!("{shown}</text>")), "{shown} in {svg}");
    }
}
