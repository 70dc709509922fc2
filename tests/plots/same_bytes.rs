//! Promise: the same data give the same bytes, whatever was drawn before, in any thread.

use crate::all::plots_with;
use std::collections::HashSet;
use tapegrad::plot::Theme;

#[test]
fn equal_plots_have_equal_bytes() {
    let all = || -> Vec<String> { plots_with("a").iter().map(|(_, plot)| plot.to_svg()).collect() };
    let first = all();
    assert_eq!(all(), first);
    assert_eq!(std::thread::spawn(all).join().unwrap(), first);
    let (_, plot) = plots_with("a").swap_remove(0);
    assert_eq!((plot.to_string(), plot.clone().to_svg()), (first[0].clone(), first[0].clone()));
}

#[test]
fn themes_differ_in_colours_alone() {
    for (name, plot) in plots_with("a") {
        let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| plot.clone().with_theme(theme).to_svg());
        assert_ne!(light, dark, "{name}");
        let without_colors = |svg: &str| {
            let mut pieces = svg.split('#').map(str::to_owned).collect::<Vec<_>>();
            pieces.iter_mut().skip(1).for_each(|piece| drop(piece.drain(..6)));
            pieces.join("#")
        };
        assert_eq!(without_colors(&light), without_colors(&dark), "{name}");

        // The one that follows the reader is the light one, and a rule for each of its colours.
        let auto = plot.clone().with_theme(Theme::Auto).to_svg();
        let (before, rest) = auto.split_once("<style>").unwrap();
        let (style, after) = rest.split_once("</style>\n").unwrap();
        assert_eq!(format!("{before}{after}"), light, "{name}");
        let colors = |svg: &str| -> HashSet<String> {
            let of = |attribute: &str| -> HashSet<String> {
                let start = format!("{attribute}=\"#");
                svg.split(&start).skip(1).map(|rest| format!("{start}{}\"", &rest[..6])).collect()
            };
            &of("fill") | &of("stroke")
        };
        for color in colors(&light) {
            assert!(style.contains(&format!("[{color}]{{")), "{name}: no rule for {color}");
        }
    }
}
