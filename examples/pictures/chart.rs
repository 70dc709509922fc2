//! Charts of several lines, with linear or logarithmic axes.

use std::fmt::Write;

/// An axis: what it shows, and whether its scale is logarithmic.
#[derive(Clone, Copy)]
pub struct Axis {
    pub label: &'static str,
    pub is_log: bool,
}

/// A line through points, and its name.
pub struct Line {
    pub name: &'static str,
    pub points: Vec<[f64; 2]>,
}

/// The colours of Okabe and Ito, which are told apart by readers with any colour vision, and dashes for those with none.
pub const STYLES: [(&str, &str); 4] =
    [("#0072b2", "none"), ("#d55e00", "8 4"), ("#009e73", "2 4"), ("#cc79a7", "12 3 2 3")];

/// The style sheet of a picture, light or dark as the reader prefers.
pub const STYLE: &str = "<style>\
.guide{font:13px 'DejaVu Sans',Verdana,Arial,sans-serif;fill:#222}.guide .paper{fill:#fff}\
.guide .grid{stroke:#ddd}.guide .frame{stroke:#222;fill:none}\
@media(prefers-color-scheme:dark){.guide{fill:#e8e8e8}.guide .paper{fill:#181b1f}.guide .grid{stroke:#3e4248}\
.guide .frame{stroke:#e8e8e8}.guide [stroke=\"#0072b2\"]{stroke:#56b4e9}}\
</style>";

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 580.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 345.0;

/// The chart as an SVG document. All numbers have to be finite, those on a logarithmic axis positive.
pub fn chart(x: Axis, y: Axis, lines: &[Line]) -> String {
    let column = |k: usize| lines.iter().flat_map(move |line| line.points.iter().map(move |point| point[k]));
    let (x_scale, y_scale) = (Scale::of(x, column(0), LEFT, RIGHT), Scale::of(y, column(1), BOTTOM, TOP));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"guide\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\">\n\
         {STYLE}\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
    );
    for (place, text) in x_scale.ticks() {
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{place:.1} {TOP}V{BOTTOM}\"/><text x=\"{place:.1}\" y=\"363\" text-anchor=\"middle\">{text}</text>"
        );
    }
    for (place, text) in y_scale.ticks() {
        let baseline = place + 4.5;
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {place:.1}H{RIGHT}\"/><text x=\"64\" y=\"{baseline:.1}\" text-anchor=\"end\">{text}</text>"
        );
    }
    let (middle_x, middle_y) = ((LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0);
    let _ = writeln!(
        svg,
        "<path class=\"frame\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>\n\
         <text x=\"{middle_x}\" y=\"388\" text-anchor=\"middle\">{}</text>\n\
         <text transform=\"translate(16 {middle_y})rotate(-90)\" text-anchor=\"middle\">{}</text>",
        x.label, y.label
    );
    let mut legend = LEFT;
    for (line, (color, dash)) in lines.iter().zip(STYLES) {
        let places =
            line.points.iter().map(|&[a, b]| format!("{:.1} {:.1}", x_scale.place(a), y_scale.place(b)));
        let path = places.collect::<Vec<_>>().join("L");
        let stroke =
            format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"");
        let (end, text) = (legend + 30.0, legend + 36.0);
        let _ = writeln!(
            svg,
            "<path {stroke} d=\"M{path}\"/><path {stroke} d=\"M{legend} 20H{end}\"/><text x=\"{text}\" y=\"24.5\">{}</text>",
            line.name
        );
        legend = text + line.name.chars().count() as f64 * 8.0 + 16.0;
    }
    svg + "</svg>\n"
}

/// Where numbers are on an axis.
struct Scale {
    is_log: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn of(axis: Axis, numbers: impl Iterator<Item = f64>, from: f64, to: f64) -> Scale {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for number in numbers.map(|number| if axis.is_log { number.log10() } else { number }) {
            assert!(number.is_finite(), "a number that the axis `{}` cannot show", axis.label);
            (low, high) = (low.min(number), high.max(number));
        }
        Scale { is_log: axis.is_log, low, high, from, to }
    }

    fn place(&self, number: f64) -> f64 {
        let number = if self.is_log { number.log10() } else { number };
        self.from + (number - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Places and texts of the marks: round numbers, at most eight.
    fn ticks(&self) -> Vec<(f64, String)> {
        let span = self.high - self.low;
        let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0];
        let is_enough = |&step: &f64| span / step <= 8.0 && !(self.is_log && step < 1.0);
        let step = steps.into_iter().find(is_enough).expect("a step for this range");
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        let tick = |k: i64| {
            let mark = k as f64 * step;
            let place = self.from + (mark - self.low) / span * (self.to - self.from);
            let text = if self.is_log {
                power_of_ten(mark as i64)
            } else {
                format!("{}", (mark * 100.0).round() / 100.0)
            };
            (place, text)
        };
        (first..=last).map(tick).collect()
    }
}

fn power_of_ten(exponent: i64) -> String {
    if (-2..=3).contains(&exponent) {
        return format!("{}", 10f64.powi(exponent as i32));
    }
    format!("10<tspan font-size=\"9\" dy=\"-5\">{}</tspan>", exponent.to_string().replace('-', "−"))
}
