//! Where the vertices and arrows of a picture stand, by the method of Sugiyama.

use super::curve::{Curve, Point};
use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, GraphLabel, LayoutOptions, NodeLabel, RankDir};

/// Width and height.
pub(super) type Size = [f64; 2];

/// Where an arrow starts and ends, and the size of its label.
pub(super) struct Connection {
    pub from: usize,
    pub to: usize,
    pub label: Size,
}

/// Positions in a picture.
pub(super) struct Layout {
    pub size: Size,
    /// The centre of each vertex.
    pub vertices: Vec<Point>,
    /// Each arrow, and the centre of its label.
    pub arrows: Vec<(Curve, Point)>,
}

/// Lays out vertices of these sizes from left to right, or from top to bottom if `is_tall`.
pub(super) fn layout(sizes: &[Size], arrows: &[Connection], margin: f64, is_tall: bool) -> Layout {
    // From top to bottom is from left to right with the axes exchanged.
    let turn = |[x, y]: [f64; 2]| if is_tall { [y, x] } else { [x, y] };
    let sizes: Vec<Size> = sizes.iter().map(|&size| turn(size)).collect();
    let mut graph = graph(&sizes, arrows, turn);
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 20.0,
        edgesep: 14.0,
        ranksep: if is_tall { 40.0 } else { 64.0 },
        marginx: margin,
        marginy: margin,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut graph, Some(options));

    let point = |x: Option<f64>, y: Option<f64>| [x.unwrap_or_default(), y.unwrap_or_default()];
    let label = |vertex: usize| graph.node(&name(vertex)).expect("the vertex");
    let vertices: Vec<Point> =
        (0..sizes.len()).map(|vertex| point(label(vertex).x, label(vertex).y)).collect();
    let labels = arrows
        .iter()
        .enumerate()
        .map(|(k, arrow)| graph.edge(&name(arrow.from), &name(arrow.to), Some(&name(k))).expect("the arrow"));
    let mut ways: Vec<Vec<Point>> =
        labels.clone().map(|label| label.points.iter().map(|point| [point.x, point.y]).collect()).collect();
    for side in [Side::Left, Side::Right] {
        spread(side, arrows, &sizes, &vertices, &mut ways);
    }
    let turn_curve = |curve: Curve| Curve {
        start: turn(curve.start),
        pieces: curve.pieces.into_iter().map(|piece| piece.map(turn)).collect(),
        head: curve.head.map(turn),
    };
    let arrow = |(way, label): (&Vec<Point>, &EdgeLabel)| {
        (turn_curve(Curve::through(way)), turn(point(label.x, label.y)))
    };
    Layout {
        size: turn(graph.graph_label::<GraphLabel>().map_or([0.0; 2], |label| [label.width, label.height])),
        arrows: ways.iter().zip(labels).map(arrow).collect(),
        vertices: vertices.into_iter().map(turn).collect(),
    }
}

/// The graph for the crate that lays it out.
fn graph(sizes: &[Size], arrows: &[Connection], turn: impl Fn(Size) -> Size) -> Graph<NodeLabel, EdgeLabel> {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    for (vertex, &[width, height]) in sizes.iter().enumerate() {
        graph.set_node(name(vertex), Some(NodeLabel { width, height, ..NodeLabel::default() }));
    }
    for (k, arrow) in arrows.iter().enumerate() {
        let [width, height] = turn(arrow.label);
        let label = EdgeLabel { width, height, labelpos: LabelPos::Center, ..EdgeLabel::default() };
        graph.set_edge(name(arrow.from), name(arrow.to), Some(label), Some(name(k).as_str()));
    }
    graph
}

/// The name of a vertex or an arrow; names are in the order of the numbers.
fn name(number: usize) -> String {
    format!("{number:06}")
}

/// A side of a vertex: arrows come from the left and leave to the right.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Has the arrows at one side of each vertex stand side by side, in the order in which they come or go.
fn spread(side: Side, arrows: &[Connection], sizes: &[Size], vertices: &[Point], ways: &mut [Vec<Point>]) {
    let mut at_vertex: Vec<Vec<usize>> = vec![Vec::new(); vertices.len()];
    for (k, arrow) in arrows.iter().enumerate().filter(|&(k, _)| ways[k].len() > 1) {
        at_vertex[if let Side::Left = side { arrow.to } else { arrow.from }].push(k);
    }
    for ((mut here, &[width, height]), &[x, y]) in at_vertex.into_iter().zip(sizes).zip(vertices) {
        let next = |way: &[Point]| if let Side::Left = side { way[way.len() - 2] } else { way[1] };
        here.sort_by(|&a, &b| next(&ways[a])[1].total_cmp(&next(&ways[b])[1]));
        let step = height / (here.len() + 1) as f64;
        for (k, &arrow) in here.iter().enumerate() {
            let way = &mut ways[arrow];
            let (place, x) = match side {
                Side::Left => (way.len() - 1, x - width / 2.0),
                Side::Right => (0, x + width / 2.0),
            };
            way[place] = [x, y - height / 2.0 + step * (k + 1) as f64];
        }
    }
}
