//! Promise: the guide is true. Its programs print what stands below them, its links lead somewhere, and every chapter is in all
//! three forms of the guide: plain files, book, documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the chapters, in the order of the book.
fn chapters() -> Vec<String> {
    let summary = read("docs/guide/SUMMARY.md");
    let lines = summary.lines().filter(|line| line.starts_with("- ["));
    let names = lines.filter_map(|line| line.split_once("](")?.1.strip_suffix(".md)"));
    names.map(str::to_owned).collect()
}

fn chapter(name: &str) -> String {
    read(format!("docs/guide/{name}.md"))
}

/// The lines of a page that are text: without blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_fence && !is_code
    })
}

/// `[label]: target` at the end of a page.
fn definitions(page: &str) -> impl Iterator<Item = (&str, &str)> {
    let all = prose(page).filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    all.filter(|(label, _)| !label.contains(['[', ']']))
}

/// What stands between `open` and the next `close`, everywhere in the text.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| Some(rest.split_once(close)?.0))
}

/// The anchors of the headings of a page.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
    };
    headings.map(anchor).collect()
}

/// That a link of a page in this folder leads to a file, and to a heading if it names one.
fn check_link(folder: &str, link: &str) {
    if link.starts_with("http") {
        return;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = root().join(folder).join(file);
    assert!(file.is_empty() || path.exists(), "{folder}: the link `{link}` leads nowhere");
    if !file.is_empty() && !anchor.is_empty() {
        assert!(anchors(&read(&path)).contains(anchor), "{folder}: `{file}` has no heading `{anchor}`");
    }
}

#[test]
fn every_chapter_is_in_all_forms_of_the_guide() {
    let chapters = chapters();
    let is_no_chapter = |name: &str| ["README", "SUMMARY", "rustdoc-links"].contains(&name);
    let files = fs::read_dir(root().join("docs/guide"))
        .expect("the guide")
        .map(|entry| entry.expect("a file").path());
    let pages = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let names = pages.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned());
    let found: BTreeSet<String> = names.filter(|name| !is_no_chapter(name)).collect();
    assert_eq!(found, chapters.iter().cloned().collect(), "the files, and the chapters of SUMMARY.md");

    let (start, links, docs) =
        (read("docs/guide/README.md"), read("docs/guide/rustdoc-links.md"), read("src/guide.rs"));
    for name in &chapters {
        let module = name.replace('-', "_");
        assert!(
            start.contains(&format!("- [{}]", title(name))),
            "README.md of the guide lists `{name}` by its title"
        );
        assert!(
            links.contains(&format!("[{name}]: crate::guide::{module}\n")),
            "rustdoc-links.md has `{name}`"
        );
        let parts: Vec<&str> =
            docs.split("\n\n").filter(|part| part.contains(&format!("pub mod {module} {{}}"))).collect();
        let [part] = parts[..] else { panic!("src/guide.rs has one module `{module}`") };
        assert!(part.contains("rustdoc-links.md") && part.contains(&format!("\"../docs/guide/{name}.md\"")));
        for (label, target) in definitions(&chapter(name)) {
            if target.starts_with("pictures/") {
                assert!(
                    part.contains(&format!("../docs/guide/pictures/{label}.md")),
                    "src/guide.rs, `{name}`: {label}"
                );
            }
        }
    }
}

fn title(name: &str) -> String {
    chapter(name).lines().next().expect("a title").trim_start_matches("# ").to_owned()
}

#[test]
fn every_link_leads_somewhere() {
    for name in chapters().iter().map(String::as_str).chain(["README", "SUMMARY"]) {
        let page = chapter(name);
        let text = prose(&page).collect::<Vec<_>>().join("\n");
        let defined: BTreeSet<&str> = definitions(&page).map(|(label, _)| label).collect();
        let used: BTreeSet<&str> = between(&text, "][", ']').collect();
        assert_eq!(defined, used, "{name}: links that are defined, and those that are used");
        let links = definitions(&page).map(|(_, target)| target).chain(between(&text, "](", ')'));
        links.for_each(|link| check_link("docs/guide", link));
        for anchor in between(&text, "](#", ')') {
            assert!(anchors(&page).contains(anchor), "{name}: no heading `{anchor}`");
        }
        for picture in between(&text, "![", ']') {
            assert!(picture.len() > 30, "{name}: what does the picture show? `{picture}`");
        }
    }
    let readme = read("README.md");
    let text = prose(&readme).collect::<Vec<_>>().join("\n");
    between(&text, "](", ')')
        .filter(|link| link.starts_with("docs/guide"))
        .for_each(|link| check_link("", link));
}

#[test]
fn every_chapter_ends_with_a_picture_something_to_run_and_where_to_go_next() {
    for name in chapters() {
        let page = chapter(&name);
        let headings: Vec<&str> = prose(&page).filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings[headings.len() - 3..], ["## Picture", "## Run it", "## Next"], "{name}");
        let sections: Vec<&str> = page.split("\n## ").collect();
        let [picture, run, next] = sections[sections.len() - 3..] else { panic!("three sections") };
        assert!(picture.contains("!["), "{name} ends with a picture");
        assert!(next.contains("]["), "{name} says where to go next");
        let commands = between(run, "--example ", ' ').chain(between(run, "--example ", '`'));
        let names = commands.map(|command| command.split(['`', ' ']).next().unwrap_or_default());
        let examples: BTreeSet<&str> = names.collect();
        assert!(!examples.is_empty() || run.contains("cargo bench"), "{name} has something to run");
        for example in examples {
            assert!(
                root().join(format!("examples/{example}.rs")).exists(),
                "{name}: the example `{example}`"
            );
        }
    }
}

/// A program of the guide: the chapter, the code, and what it prints.
struct Program {
    name: String,
    code: String,
    expected: String,
}

/// Blocks of Rust directly followed by a block of text.
fn programs() -> Vec<Program> {
    let mut programs = Vec::new();
    for chapter_name in chapters() {
        let page = chapter(&chapter_name);
        for (number, block) in page.split("\n```rust\n").skip(1).enumerate() {
            let (code, rest) = block.split_once("\n```\n").expect("the end of the block");
            let Some(text) = rest.strip_prefix("\n```text\n") else { continue };
            let expected = text.split_once("```\n").expect("the end of the block").0.to_owned();
            assert!(
                code.contains("fn main()"),
                "{chapter_name}: code that is followed by its output is a program"
            );
            let name = format!("{}_{number}", chapter_name.replace('-', "_"));
            programs.push(Program { name, code: code.to_owned(), expected });
        }
    }
    programs
}

#[test]
#[ignore = "compiles the crate once more: .ci/run"]
fn programs_print_what_stands_below_them() {
    let programs = programs();
    let first: BTreeSet<&str> =
        programs.iter().filter_map(|program| program.name.split('_').next()).collect();
    assert!(["gradient", "expression", "tape"].iter().all(|name| first.contains(name)), "{first:?}");

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guide");
    let _ = fs::remove_dir_all(&folder);
    let sources = folder.join("src/bin");
    fs::create_dir_all(&sources).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"guide\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         tapegrad = {{ path = {:?} }}\n[profile.dev]\ndebug = \"line-tables-only\"\n",
        root()
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a file");
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a file");
    for Program { name, code, .. } in &programs {
        fs::write(sources.join(format!("{name}.rs")), code).expect("a file");
    }

    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guide-target");
    let build = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bins"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .expect("cargo runs");
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));

    for Program { name, expected, .. } in &programs {
        let program = target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let run = Command::new(program).output().expect("the program runs");
        // In the reader's own crate the program is `main.rs`.
        let found =
            String::from_utf8_lossy(&run.stdout).replace(&format!("src/bin/{name}.rs"), "src/main.rs");
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(found, *expected, "what {name} prints, and what the guide says");
    }
}
