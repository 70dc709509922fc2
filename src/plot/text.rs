//! Texts of users, which may contain anything.

use crate::view::escape;

/// Stands for a dollar sign until the document is written: to the drawing crate, two of them enclose a formula.
pub(super) const DOLLAR: char = '\u{e000}';

const UNKNOWN: char = '\u{fffd}';

/// A text of at most this many characters, the last of which says if something is missing.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The same, of characters that XML allows.
pub(super) fn clean(text: &str, most: usize) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        '$' => DOLLAR,
        DOLLAR | '\u{fffe}' | '\u{ffff}' => UNKNOWN,
        c if c.is_control() => UNKNOWN,
        c => c,
    };
    cut(text, most).chars().map(allowed).collect()
}

/// The same as it stands in a document.
pub(super) fn shown(text: &str, most: usize) -> String {
    escape(&clean(text, most)).replace(DOLLAR, "$")
}
