//! What the compiler says to mistakes stands at the user's line, in words about the user's code.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Programs with a mistake; `//~` says what the compiler must say to the line.
const MISTAKES: [(&str, &str); 10] = [
    ("place", "#[fused]\nstruct S(f64); //~ before a function with a body\n"),
    ("option", "#[fused(fast)] //~ no option but `block`\nfn f<R: Real>(x: R) -> R { x * x + 1.0 }\n"),
    ("constant", "#[fused]\nconst fn f(x: f64) -> f64 { x * x + 1.0 } //~ cannot take a `const fn`\n"),
    ("body", "trait T { //\n#[fused]\nfn f<R: Real>(x: R) -> R; //~ a function with a body\n}\n"),
    (
        "method",
        "#[fused]\nfn f<R: Real>(x: R) -> R {\n    x * 2.0 + x.sine() //~ no method named `sine`\n}\n",
    ),
    ("text", "#[fused]\nfn f<R: Real>(x: R) -> R {\n    x * x + \"a\" //~ &str\n}\n"),
    ("integer", "#[fused]\nfn f<R: Real>(x: R, n: usize) -> R {\n    x * n + x //~ usize\n}\n"),
    ("name", "#[fused]\nfn f<R: Real>(x: R) -> R {\n    x * y + x //~ cannot find value `y`\n}\n"),
    (
        "moved",
        "struct S;\nimpl std::ops::Add for S { type Output = S; fn add(self, _: S) -> S { S } }\n#[fused]\n\
         fn f(a: S, b: S, c: S) -> (S, S) {\n    let sum = a + b + c;\n    (sum, a) //~ use of moved value: `a`\n}\n",
    ),
    ("types", "#[fused]\nfn f<R: Real, F: Real>(x: R, y: F) -> R {\n    x * y + x //~ cannot multiply\n}\n"),
];

#[test]
#[ignore = "compiles the crate once more: .ci/run"]
fn mistakes_are_told_at_their_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes");
    fs::create_dir_all(folder.join("src/bin")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"mistakes\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         tapegrad = {{ path = {root:?}, default-features = false, features = [\"macros\"] }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    let program =
        |code: &str| format!("#![allow(unused)]\nuse tapegrad::{{Real, fused}};\n{code}fn main() {{}}\n");
    for (name, code) in MISTAKES {
        fs::write(folder.join(format!("src/bin/{name}.rs")), program(code)).expect("a file");
    }
    let check = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--keep-going", "--message-format", "short"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", root.join("target/mistakes"))
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&check.stderr);
    for (name, code) in MISTAKES {
        let errors: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(&format!("bin/{name}.rs")) && line.contains("error"))
            .collect();
        let code = program(code);
        let (number, line) = code.lines().enumerate().find(|(_, line)| line.contains("//~")).expect("a mark");
        let words = line.split("//~ ").nth(1).expect("words");
        let at = format!("{name}.rs:{}:", number + 1);
        assert!(
            errors.iter().any(|error| error.contains(&at) && error.contains(words)),
            "{name}: `{words}` at line {}: {errors:#?}\n{said}",
            number + 1
        );
        assert!(errors.iter().all(|error| error.contains(&at)), "{name}: {errors:#?}");
    }
}
