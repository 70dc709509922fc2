//! Colours: those of Okabe and Ito, which are told apart by readers with any colour vision, on light and dark ground.

/// The colours of a [`Plot`](super::Plot).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Light, and dark where the reader prefers that: a browser decides by `prefers-color-scheme`. Programs that do not know
    /// this question show the light colours.
    #[default]
    Auto,
    /// Dark lines on white.
    Light,
    /// Light lines on a dark ground.
    Dark,
}

/// What a colour is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Paint {
    /// The background.
    Paper,
    /// Text and axes.
    Ink,
    /// Lines of the grid.
    Grid,
    /// A series or class; the colours repeat.
    Series(usize),
    /// Text upon a series.
    OnSeries(usize),
    /// The region of a class, lighter than the class itself.
    Region(usize),
    /// A step from 0 to [`STEPS`] between the background and a strong colour.
    Shade(u8),
}

/// The number of steps of a shade.
pub(super) const STEPS: u8 = 16;

type Rgb = [u8; 3];

const PAPER: [Rgb; 2] = [[255, 255, 255], [24, 27, 31]];
const INK: [Rgb; 2] = [[34, 34, 34], [232, 232, 232]];
const GRID: [Rgb; 2] = [[221, 221, 221], [62, 66, 72]];

const BLUE: Rgb = [0, 114, 178];
const SKY: Rgb = [86, 180, 233];
const VERMILION: Rgb = [213, 94, 0];
const GREEN: Rgb = [0, 158, 115];
const PURPLE: Rgb = [204, 121, 167];
const ORANGE: Rgb = [230, 159, 0];
const YELLOW: Rgb = [240, 228, 66];

/// The dark blue is hard to see on a dark ground, and the yellow on white: there they come last.
const SERIES: [[Rgb; 6]; 2] =
    [[BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY], [SKY, VERMILION, GREEN, PURPLE, ORANGE, YELLOW]];

/// The number of different colours of series.
pub(super) const COLORS: usize = SERIES[0].len();

/// The number of different colours of regions.
pub(super) const REGIONS: usize = 2 * COLORS;

impl Paint {
    /// The colour as `#rrggbb`.
    pub fn hex(self, is_dark: bool) -> String {
        let [r, g, b] = self.rgb(usize::from(is_dark));
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    fn rgb(self, ground: usize) -> Rgb {
        match self {
            Paint::Paper => PAPER[ground],
            Paint::Ink => INK[ground],
            Paint::Grid => GRID[ground],
            Paint::Series(k) => SERIES[ground][k % COLORS],
            // White on the darker ones; not quite the ink, which is light on a dark ground.
            Paint::OnSeries(k) => {
                if ground == 1 || k % COLORS < 3 {
                    PAPER[ground]
                } else {
                    [33, 33, 33]
                }
            }
            // In turn lighter and darker, so that neighbours differ in brightness too; darker still where colours repeat.
            Paint::Region(k) => {
                let parts = if k % 2 == 0 { 5 } else { 3 } + if k % REGIONS < COLORS { 0 } else { 4 };
                mixed(ground, SERIES[ground][k % COLORS], parts)
            }
            Paint::Shade(step) => mixed(ground, SERIES[ground][0], step),
        }
    }

    /// Every colour there is.
    fn all() -> impl Iterator<Item = Paint> {
        let series = (0..REGIONS).flat_map(|k| [Paint::Series(k), Paint::OnSeries(k), Paint::Region(k)]);
        let shades = (0..=STEPS).map(Paint::Shade);
        [Paint::Paper, Paint::Ink, Paint::Grid].into_iter().chain(series).chain(shades)
    }
}

/// This many of [`STEPS`] parts of a colour, and the background for the rest.
fn mixed(ground: usize, color: Rgb, parts: u8) -> Rgb {
    let mix = |k: usize| {
        let (parts, steps) = (u32::from(parts.min(STEPS)), u32::from(STEPS));
        let sum = u32::from(color[k]) * parts + u32::from(PAPER[ground][k]) * (steps - parts);
        (sum / steps) as u8
    };
    [mix(0), mix(1), mix(2)]
}

/// A style sheet that replaces the light colours by the dark ones, where the reader prefers those: the colours that the
/// drawing has, as attributes of the elements of one class.
pub(super) fn dark_rules(class: &str, drawing: &str) -> String {
    let mut rules = String::new();
    for paint in Paint::all() {
        let (light, dark) = (paint.hex(false), paint.hex(true));
        for attribute in ["fill", "stroke"] {
            let selector = format!("[{attribute}=\"{light}\"]");
            if drawing.contains(&selector[1..selector.len() - 1]) && !rules.contains(&selector) {
                rules += &format!(".{class} {selector}{{{attribute}:{dark}}}");
            }
        }
    }
    format!("@media (prefers-color-scheme:dark){{{rules}}}")
}
