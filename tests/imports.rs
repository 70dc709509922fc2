//! Imports go one way: no file of `src` needs, by way of others, a file that needs it.
//!
//! The sources are read as text. A name that a module hands on (`pub use`) counts as an import of the file that
//! it comes from, not of the module.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// A module as the compiler names it, without the crate: `["tape", "sweep"]`.
type Module = Vec<String>;

/// The files by module.
fn modules() -> BTreeMap<Module, PathBuf> {
    fn visit(folder: &Path, module: &Module, found: &mut BTreeMap<Module, PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_str().expect("in UTF-8").to_owned();
            let child = [&module[..], std::slice::from_ref(&name)].concat();
            if path.is_dir() {
                visit(&path, &child, found);
            } else if name == "mod" || name == "lib" {
                found.insert(module.clone(), path);
            } else {
                found.insert(child, path);
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &Vec::new(), &mut found);
    found.retain(|module, _| module.last().is_none_or(|name| name != "tests"));
    found
}

/// The code of a file, without comments and without its own tests, which may look at everything.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source");
    let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    own.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// A path that a file names.
struct Named {
    path: Vec<String>,
    /// The name it has in this file, if a `use` gives it one.
    name: String,
    /// Whether this file only hands it on to others.
    is_handed_on: bool,
}

/// Every path of this crate that a file names, from the root of the crate on, the braces of `use` resolved.
fn paths(code: &str, module: &Module, children: &BTreeSet<String>) -> Vec<Named> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut used, mut others) = (Vec::new(), String::new());
    let mut statement: Option<String> = None;
    for line in code.lines().map(str::trim) {
        let is_public = line.starts_with("pub ") || line.starts_with("pub(");
        let plain = if is_public { line.split_once(' ').map_or(line, |(_, rest)| rest) } else { line };
        match &mut statement {
            Some(text) => text.push_str(line),
            None if plain.starts_with("use ") => statement = Some(line.to_owned()),
            None => others.extend([line, "\n"]),
        }
        if let Some(text) = statement.take_if(|text| text.ends_with(';')) {
            let (before, tree) = text.split_once("use ").expect("a `use`");
            let mut found = Vec::new();
            expand(tree.trim_end_matches(';'), &[], &mut found);
            used.extend(found.into_iter().map(|(path, name)| (path, name, !before.is_empty())));
        }
    }
    // A method of the same name is no use of it.
    let words: BTreeSet<&str> =
        others.split(|c| !is_word(c) && c != '.').filter(|word| !word.starts_with('.')).collect();
    let mut found: Vec<_> = used
        .into_iter()
        .map(|(path, name, is_public)| {
            let is_handed_on = is_public && !words.contains(name.as_str());
            Named { path, name, is_handed_on }
        })
        .collect();
    for (start, _) in others.match_indices("crate::").chain(others.match_indices("super::")) {
        if !others[..start].ends_with(|c| is_word(c) || c == ':') {
            let path: String = others[start..].chars().take_while(|&c| is_word(c) || c == ':').collect();
            let path = path.split("::").map(str::to_owned).collect();
            found.push(Named { path, name: String::new(), is_handed_on: false });
        }
    }
    found.retain_mut(|named| {
        let first = named.path[0].as_str();
        let mut absolute = match first {
            "crate" => Vec::new(),
            "super" => module[..module.len() - 1].to_vec(),
            first if children.contains(first) => [&module[..], &[first.to_owned()]].concat(),
            _ => return false,
        };
        for segment in &named.path[1..] {
            if segment == "super" {
                absolute.pop();
            } else {
                absolute.push(segment.clone());
            }
        }
        named.path = absolute;
        true
    });
    found
}

/// Takes `a::{b, c as d}` apart.
fn expand(tree: &str, before: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let prefix = tree[..open].trim().trim_end_matches("::");
        let mut path = before.to_vec();
        path.extend(prefix.split("::").filter(|segment| !segment.is_empty()).map(|s| s.trim().to_owned()));
        let inside = &tree[open + 1..tree.rfind('}').expect("a closing brace")];
        let (mut depth, mut start) = (0, 0);
        for (place, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&inside[start..place], &path, found);
                    start = place + 1;
                }
                _ => {}
            }
        }
        expand(&inside[start..], &path, found);
    } else if !tree.is_empty() {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let mut path: Vec<String> = path.split("::").map(|segment| segment.trim().to_owned()).collect();
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let path = [before, &path[..]].concat();
        let name =
            if alias.is_empty() { path.last().cloned().unwrap_or_default() } else { alias.trim().to_owned() };
        found.push((path, name));
    }
}

/// Which file needs which.
fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let modules = modules();
    let mut all = BTreeMap::new();
    for (module, path) in &modules {
        let children = modules
            .keys()
            .filter(|child| child.len() == module.len() + 1 && child.starts_with(module))
            .filter_map(|child| child.last().cloned())
            .collect();
        all.insert(module.clone(), paths(&code(path), module, &children));
    }
    // Where the names that a module takes from elsewhere, and may hand on, come from.
    let mut handed_on: HashMap<Vec<String>, Vec<String>> = HashMap::new();
    for (module, paths) in &all {
        for Named { path, name, .. } in paths.iter().filter(|named| !named.name.is_empty()) {
            let here = [&module[..], std::slice::from_ref(name)].concat();
            if here != *path && !modules.contains_key(&here) {
                handed_on.insert(here, path.clone());
            }
        }
    }
    let resolve = |path: &[String]| {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let known =
                (0..=path.len()).rev().find_map(|k| handed_on.get(&path[..k]).map(|target| (k, target)));
            let Some((k, target)) = known else { break };
            path = [&target[..], &path[k..]].concat();
        }
        (0..=path.len()).rev().map(|k| path[..k].to_vec()).find(|prefix| modules.contains_key(prefix))
    };
    let needs = |(module, paths): (&Module, &Vec<Named>)| {
        let paths = paths.iter().filter(|named| !named.is_handed_on);
        let needed = paths.filter_map(|named| resolve(&named.path)).filter(|needed| needed != module);
        (module.clone(), needed.collect())
    };
    all.iter().map(needs).collect()
}

/// The modules that are in a circle, or between two: those that stay when what needs nothing that is left, and what nothing
/// left needs, is taken away again and again.
fn circles(mut imports: BTreeMap<Module, BTreeSet<Module>>) -> Vec<String> {
    loop {
        let left: BTreeSet<Module> = imports.keys().cloned().collect();
        let needed: BTreeSet<Module> = imports.values().flatten().cloned().collect();
        imports.retain(|module, needs| !needs.is_disjoint(&left) && needed.contains(module));
        if imports.len() == left.len() {
            break;
        }
    }
    let left: BTreeSet<Module> = imports.keys().cloned().collect();
    imports
        .iter()
        .map(|(module, needs)| {
            let needs: Vec<String> = needs.intersection(&left).map(|needed| needed.join("::")).collect();
            format!("{} needs {}", module.join("::"), needs.join(", "))
        })
        .collect()
}

#[test]
fn no_circle_among_files() {
    let mut imports = imports();
    assert!(imports.len() > 100 && imports.values().flatten().count() > 300, "the sources are read");
    // The root only puts the names of the crate together.
    imports.remove(&Vec::new());
    let circles = circles(imports);
    assert!(circles.is_empty(), "files that need each other, or stand between such:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_would_be_found() {
    let module = |name: &str| vec![name.to_owned()];
    let imports =
        [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "e"), ("e", "d"), ("e", "f"), ("f", "g")];
    let mut all: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (from, to) in imports {
        all.entry(module(from)).or_default().insert(module(to));
        all.entry(module(to)).or_default();
    }
    assert_eq!(circles(all), ["b needs c", "c needs b, d", "d needs e", "e needs d"]);
}

/// The folders, from the ground up; what stands beside them is between the tape and the checker.
const FLOORS: [&str; 9] = ["table", "number", "view", "tape", "function", "interop", "check", "nn", "plot"];

#[test]
fn folders_are_floors() {
    let floor = |module: &Module| {
        FLOORS.iter().position(|floor| module.first().is_some_and(|folder| folder == floor))
    };
    for (module, needs) in imports().iter().filter(|(module, _)| !module.is_empty()) {
        for needed in needs {
            if let (Some(here), Some(there)) = (floor(module), floor(needed)) {
                assert!(
                    there <= here,
                    "{} needs {}, which is above it",
                    module.join("::"),
                    needed.join("::")
                );
            }
        }
    }
}
