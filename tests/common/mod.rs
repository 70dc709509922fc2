//! What several test files need: catching a refusal, comparing floating-point numbers exactly, quick tapes.
#![allow(dead_code)] // each file uses its own part

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;
use tapegrad::Tape;

/// What the panic hook sees.
#[derive(Debug)]
pub struct Panic {
    pub message: String,
    pub file: String,
    pub line: u32,
}

thread_local! {
    static LISTENS: Cell<bool> = const { Cell::new(false) };
    static SEEN: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// The panic that `f` ends with.
#[track_caller]
pub fn panic_of<T>(f: impl FnOnce() -> T) -> Panic {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !LISTENS.get() {
                return usual(info);
            }
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let message = text.unwrap_or("not a text").to_owned();
            let at = info.location().expect("a location");
            SEEN.set(Some(Panic { message, file: at.file().to_owned(), line: at.line() }));
        }));
    });
    LISTENS.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    LISTENS.set(false);
    assert!(outcome.is_err(), "this should have been refused");
    SEEN.take().expect("the hook has seen the panic")
}

/// The message of the panic with which `f` is refused. It must be reported where the user stands: in
/// the file of the caller, in one of the first lines of the closure.
#[track_caller]
pub fn refusal<T>(f: impl FnOnce() -> T) -> String {
    let here = Location::caller();
    let Panic { message, file, line } = panic_of(f);
    assert_eq!(file, here.file(), "reported inside the library: {message}");
    assert!((here.line()..here.line() + 4).contains(&line), "reported at line {line}: {message}");
    message
}

/// A tape as release builds make it: without lines, so that recording takes its quick path.
pub fn quick_tape() -> Tape {
    let tape = Tape::new();
    tape.keep_lines(false);
    tape
}

/// Asserts that every part occurs in the text.
#[track_caller]
pub fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

/// Equal bits, or both NaN.
pub fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// Equal but for the sign of zero, or both NaN.
pub fn alike(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}
