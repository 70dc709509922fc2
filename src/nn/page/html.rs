//! The page as one file.

use crate::view::escape;

const PAGE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");

/// The page with this title that shows this run.
pub(super) fn page(title: &str, json: &str) -> String {
    // In one go from left to right: what is filled in may contain the marks of places itself.
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + json.len());
    let mut rest = PAGE;
    let places = [
        ("{{title}}", escape(title)),
        ("{{style}}", STYLE.into()),
        ("{{run}}", in_script(json)),
        ("{{script}}", SCRIPT.into()),
    ];
    for (mark, text) in places {
        let (before, after) = rest.split_once(mark).expect("the template has each place once, in this order");
        page.push_str(before);
        page.push_str(&text);
        rest = after;
    }
    page + rest
}

/// JSON inside of a script element, which `</script>` and `<!--` would end. In JSON, `<` only occurs in strings.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}
