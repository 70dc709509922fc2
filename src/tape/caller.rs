//! The line of the user's call where the standard library is in between: `iter().sum()` does not forward the location
//! of its caller.

use std::backtrace::Backtrace;
use std::panic::Location;

/// A source line of the user.
pub(crate) type Line = &'static Location<'static>;

/// What to add to a message that is reported at `at`: the place of the user's call, if `at` is in the standard
/// library and the program has symbols; else nothing. It captures a backtrace, which takes long.
pub(super) fn beyond(at: &Location<'_>) -> String {
    if !is_standard(at.file()) {
        return String::new();
    }
    match caller(&Backtrace::force_capture().to_string()) {
        Some(place) => format!(" (called from {place})"),
        None => String::new(),
    }
}

fn is_standard(file: &str) -> bool {
    let file = file.replace('\\', "/");
    ["core", "alloc", "std"].iter().any(|library| file.contains(&format!("/library/{library}/src/")))
}

/// The first frame of the user's code: its line, or its function where no lines are known. A frame is one line with
/// its number and function and, where known, a second line with its place.
fn caller(backtrace: &str) -> Option<String> {
    let mut lines = backtrace.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let Some((number, function)) = line.split_once(": ") else { continue };
        if number.parse::<usize>().is_err() {
            continue;
        }
        // Decided by the place where it is known: programs that only have lines have shortened names.
        match lines
            .peek()
            .and_then(|line| line.strip_prefix("at "))
            .map(|place| place.trim_start_matches("./"))
        {
            Some(place) if is_place_of_the_user(place) => return Some(place.to_owned()),
            None if is_of_the_user(function) => return Some(format!("`{function}`")),
            _ => {}
        }
    }
    None
}

fn is_place_of_the_user(place: &str) -> bool {
    // Where the sources of this crate are, as the compiler saw them.
    let own = file!().strip_suffix("tape/caller.rs").unwrap_or("src/");
    !is_standard(place) && !place.contains("/smallvec-") && !place.starts_with(own)
}

/// `smallvec` runs the user's iterators for this crate.
const NOT_OF_THE_USER: [&str; 5] = ["core", "alloc", "std", "smallvec", env!("CARGO_CRATE_NAME")];

fn is_of_the_user(function: &str) -> bool {
    // `<krate::Type as …>::name` is of the crate of the type.
    let path = function.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    match path.split_once("::") {
        Some((krate, _)) => !NOT_OF_THE_USER.contains(&krate),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_beyond() {
        let with_lines = "   0: std::backtrace::Backtrace::force_capture
             at /rustc/abc/library/std/src/backtrace.rs:312:9
   1: <tapegrad::tape::node::Var as core::iter::traits::accum::Sum>::sum
             at ./src/operators.rs:160:17
   2: <core::iter::adapters::map::Map<I,F> as core::iter::traits::iterator::Iterator>::sum
             at /rustc/abc/library/core/src/iter/traits/iterator.rs:3578:9
   3: mine::loss::{{closure}}
             at ./examples/mine.rs:7:24
   4: main
";
        assert_eq!(caller(with_lines).as_deref(), Some("examples/mine.rs:7:24"));
        let without: String = with_lines
            .lines()
            .filter(|line| !line.contains(" at "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(caller(&without).as_deref(), Some("`mine::loss::{{closure}}`"));
        assert_eq!(caller("   0: __libc_start_main\n   1: <unknown>\n"), None);
        assert_eq!(caller("disabled backtrace"), None);
        assert!(is_standard("/rustc/abc/library/core/src/iter/traits/accum.rs"));
        assert!(is_standard("C:\\rust\\library\\core\\src\\iter\\mod.rs") && !is_standard("src/library.rs"));
    }
}
