//! Smooth lines.

/// Abscissa and ordinate.
pub(super) type Point = [f64; 2];

/// How long the head of an arrow is, and half its width.
const HEAD: [f64; 2] = [9.0, 4.0];

/// An arrow as it is drawn.
pub(super) struct Curve {
    pub start: Point,
    /// Cubic Bézier curves, one after the other: two control points and the end of each.
    pub pieces: Vec<[Point; 3]>,
    /// The corners of the head.
    pub head: [Point; 3],
}

impl Curve {
    /// Through points from left to right, level at both ends, with a head at the last.
    ///
    /// # Panics
    /// If there are no points.
    pub fn through(points: &[Point]) -> Curve {
        let [x, y] = points[points.len() - 1];
        let [length, width] = HEAD;
        // The line ends within the head.
        let mut points = points.to_vec();
        points.last_mut().expect("a point")[0] -= length - 2.0;
        let slopes = slopes(&points);
        let piece = |k: usize| {
            let ([x, y], [to_x, to_y]) = (points[k], points[k + 1]);
            let third = (to_x - x) / 3.0;
            [[x + third, y + third * slopes[k]], [to_x - third, to_y - third * slopes[k + 1]], [to_x, to_y]]
        };
        Curve {
            start: points[0],
            pieces: (0..points.len() - 1).map(piece).collect(),
            head: [[x, y], [x - length, y - width], [x - length, y + width]],
        }
    }
}

/// The slope at each point, so that the curve is level at the ends, and rises and falls only where the points do
/// (after Fritsch and Carlson).
fn slopes(points: &[Point]) -> Vec<f64> {
    let rise = |pair: &[Point]| (pair[1][1] - pair[0][1]) / f64::max(pair[1][0] - pair[0][0], 1.0);
    let rises: Vec<f64> = points.windows(2).map(rise).collect();
    let between = |pair: &[f64]| match pair[0] * pair[1] {
        product if product > 0.0 => 2.0 * product / (pair[0] + pair[1]),
        _ => 0.0,
    };
    let inner = rises.windows(2).map(between);
    std::iter::once(0.0).chain(inner).chain([0.0]).take(points.len()).collect()
}
