//! Fewer points where there are more than can be seen.

use super::panel::Point;

/// The longest line that is drawn as it is.
const LONGEST: usize = 2000;

/// The most markers of one plot.
const MARKERS: usize = 2000;

/// A line of at most as many points: of each stretch the first, the lowest, the highest and the last one, so that no peak
/// is lost.
pub(super) fn thinned_line(line: &[Point]) -> Vec<Point> {
    if line.len() <= LONGEST {
        return line.to_vec();
    }
    let mut thinned = Vec::with_capacity(LONGEST);
    for stretch in line.chunks(line.len().div_ceil(LONGEST / 4)) {
        let by_height = |a: &usize, b: &usize| stretch[*a][1].total_cmp(&stretch[*b][1]);
        let lowest = (0..stretch.len()).min_by(by_height).unwrap_or(0);
        let highest = (0..stretch.len()).max_by(by_height).unwrap_or(0);
        let mut kept = [0, lowest, highest, stretch.len() - 1];
        kept.sort_unstable();
        thinned.extend(
            kept.iter()
                .enumerate()
                .filter(|(k, at)| *k == 0 || kept[k - 1] != **at)
                .map(|(_, &at)| stretch[at]),
        );
    }
    thinned
}

/// Evenly chosen items of a list of this length: all, or at most as many as can be told apart.
pub(super) fn thinned_markers(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(length.div_ceil(MARKERS).max(1))
}

/// The name of a series of which so many are drawn.
pub(super) fn name_of_part(name: &str, drawn: usize, all: usize) -> String {
    if drawn == all { name.to_owned() } else { format!("{name} ({drawn} of {all} drawn)") }
}
