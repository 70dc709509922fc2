//! Promise: a new primitive is one row of the table. The change that `CONTRIBUTING.md` shows is applied to a copy of the
//! crate, which then compiles, and passes the tests that run over the table.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Copies a folder, without what was built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.is_dir() && name != "target" {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            fs::copy(&path, to.join(name)).expect("a file");
        }
    }
}

/// The file that the first diff of a page changes, and its text before and after. Of a hunk, the lines that are added stand
/// together, before or behind one line of the file.
fn applied(page: &str, root: &Path) -> (String, String, String) {
    let diff = page.split("```diff\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a diff");
    let file = diff.lines().find_map(|line| line.strip_prefix("+++ b/")).expect("a file").to_owned();
    let before = fs::read_to_string(root.join(&file)).expect("the file that is changed");
    let lines = || diff.lines().filter(|line| !line.starts_with("---") && !line.starts_with("+++"));
    let added: String =
        lines().filter_map(|line| line.strip_prefix('+')).map(|line| format!("{line}\n")).collect();
    let context = lines().find_map(|line| line.strip_prefix(' ')).expect("a line of the file");
    let context = format!("{context}\n");
    assert_eq!(before.matches(&context).count(), 1, "`{context}` stands once in {file}");
    let after = before.replace(&context, &format!("{added}{context}"));
    (file, before, after)
}

#[test]
#[ignore = "compiles the crate once more: .ci/run"]
fn a_new_primitive_is_one_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).expect("the page");
    let scratch = tempfile::tempdir().expect("a folder");
    for folder in ["src", "macros", "tests", "benches", "examples", "docs"] {
        copy(&root.join(folder), &scratch.path().join(folder));
    }
    for file in ["Cargo.toml", "Cargo.lock", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"] {
        if root.join(file).exists() {
            fs::copy(root.join(file), scratch.path().join(file)).expect("a file");
        }
    }
    let (file, before, after) = applied(&page, root);
    assert!(after.len() > before.len());
    fs::write(scratch.path().join(file), after).expect("the change");

    let cargo = |arguments: &[&str]| {
        Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(scratch.path())
            // Not where the crate itself is built: what is built there has the same names.
            .env("CARGO_TARGET_DIR", root.join("target/one_row"))
            .output()
            .expect("cargo runs")
    };
    let tests = cargo(&["test", "--features", "proptest", "--test", "table", "--test", "random_programs"]);
    let (out, errors) = (String::from_utf8_lossy(&tests.stdout), String::from_utf8_lossy(&tests.stderr));
    assert!(tests.status.success(), "{out}\n{errors}");
    assert!(out.contains("every_row") || out.contains("rows"), "the tests over the table ran: {out}");
}
