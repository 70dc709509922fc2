//! Where the vertices and arrows of a picture stand, by the method of Sugiyama.

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir};

/// Width and height.
pub(super) type Size = [f64; 2];
pub(super) type Point = [f64; 2];

/// Positions in a picture.
pub(super) struct Layout {
    pub size: Size,
    /// The centre of each vertex.
    pub vertices: Vec<Point>,
    pub arrows: Vec<Path>,
}

/// The way of an arrow.
pub(super) struct Path {
    /// From the edge of one vertex to the edge of the other.
    pub points: Vec<Point>,
    /// The centre of its label.
    pub label: Point,
}

/// Lays out vertices of these sizes, with arrows (from, to) whose labels have these sizes, from left to right.
pub(super) fn layout(sizes: &[Size], arrows: &[([usize; 2], Size)], margin: f64) -> Layout {
    // The order of names is that of the vertices.
    let name = |vertex: usize| format!("{vertex:06}");
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    for (vertex, &[width, height]) in sizes.iter().enumerate() {
        graph.set_node(name(vertex), Some(NodeLabel { width, height, ..NodeLabel::default() }));
    }
    for (arrow, &([from, to], [width, height])) in arrows.iter().enumerate() {
        let label = EdgeLabel {
            width,
            height,
            labelpos: dagre::layout::types::LabelPos::Center,
            ..EdgeLabel::default()
        };
        graph.set_edge(name(from), name(to), Some(label), Some(name(arrow).as_str()));
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 20.0,
        edgesep: 14.0,
        ranksep: 64.0,
        marginx: margin,
        marginy: margin,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut graph, Some(options));

    let vertices: Vec<Point> = (0..sizes.len())
        .map(|vertex| {
            let label = graph.node(&name(vertex)).expect("the vertex");
            [label.x.unwrap_or_default(), label.y.unwrap_or_default()]
        })
        .collect();
    let mut paths: Vec<Path> = arrows
        .iter()
        .enumerate()
        .map(|(arrow, &([from, to], _))| {
            let label = graph.edge(&name(from), &name(to), Some(&name(arrow))).expect("the arrow");
            let points: Vec<Point> = label.points.iter().map(|point| [point.x, point.y]).collect();
            Path { points, label: [label.x.unwrap_or_default(), label.y.unwrap_or_default()] }
        })
        .collect();
    for side in [Side::Left, Side::Right] {
        spread(side, arrows, sizes, &vertices, &mut paths);
    }
    let size = graph.graph_label::<dagre::GraphLabel>().map_or([0.0; 2], |label| [label.width, label.height]);
    Layout { size, vertices, arrows: paths }
}

/// A side of a vertex: arrows come from the left and leave to the right.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Has the arrows at one side of a vertex stand side by side, in the order in which they come or go.
fn spread(side: Side, arrows: &[([usize; 2], Size)], sizes: &[Size], vertices: &[Point], paths: &mut [Path]) {
    let mut at_vertex: Vec<Vec<usize>> = vec![Vec::new(); vertices.len()];
    for (arrow, &([from, to], _)) in arrows.iter().enumerate() {
        at_vertex[if let Side::Left = side { to } else { from }].push(arrow);
    }
    for ((mut here, &[width, height]), &[x, y]) in at_vertex.into_iter().zip(sizes).zip(vertices) {
        here.retain(|&arrow| paths[arrow].points.len() > 1);
        let next =
            |points: &[Point]| if let Side::Left = side { points[points.len() - 2] } else { points[1] };
        here.sort_by(|&a, &b| next(&paths[a].points)[1].total_cmp(&next(&paths[b].points)[1]));
        let step = height / (here.len() + 1) as f64;
        for (k, &arrow) in here.iter().enumerate() {
            let points = &mut paths[arrow].points;
            let (place, x) = match side {
                Side::Left => (points.len() - 1, x - width / 2.0),
                Side::Right => (0, x + width / 2.0),
            };
            points[place] = [x, y - height / 2.0 + step * (k + 1) as f64];
        }
    }
}
