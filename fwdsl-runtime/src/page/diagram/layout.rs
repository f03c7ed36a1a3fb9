//! Where the chains stand: in columns by the longest way from a hook, in each ordered so that few lines cross (the
//! layered drawing of Sugiyama, Tagawa and Toda, 1981).

use super::graph::Graph;

/// Between columns, for the lines; more where there are many.
const GAP: f64 = 56.0;
const GAP_MOST: f64 = 112.0;
const GAP_FOR_A_LINE: f64 = 4.0;
/// Between boxes of a column.
const SPACE: f64 = 16.0;
/// Around it all.
const MARGIN: f64 = 8.0;
/// A letter of a name, in a font of 13 pixels whose letters are all as wide.
const LETTER: f64 = 7.9;
/// A letter of what is said of a chain, at 11 pixels.
const SMALL_LETTER: f64 = 6.2;
/// A box of a chain, and of one that a hook leads to.
const HEIGHT: f64 = 42.0;
const HOOK_HEIGHT: f64 = 58.0;
/// The room for a line that passes a column.
const PASSING: f64 = 10.0;
/// How long rows of chains without lines are.
const ROW: f64 = 720.0;
/// How often the order is improved.
const SWEEPS: usize = 8;
/// Names that are longer are cut.
pub(super) const LETTERS_MOST: usize = 30;

/// A box; of no width where a line passes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Layout {
    /// The boxes of the chains, by the places of these.
    pub(super) boxes: Vec<Place>,
    /// For each edge the places that its line goes through, from box to box.
    pub(super) lines: Vec<Vec<Place>>,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Between two columns.
    pub(super) gap: f64,
}

/// A chain, or a line that passes a column.
struct Spot {
    column: usize,
    /// The chain.
    node: Option<usize>,
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Spot {
    /// Whether no line leads to it or away from it.
    fn is_alone(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }
}

pub(super) fn layout(graph: &Graph) -> Layout {
    let columns = columns(graph);
    let mut spots: Vec<Spot> = (0..graph.nodes.len())
        .map(|node| Spot { column: columns[node], node: Some(node), before: Vec::new(), after: Vec::new() })
        .collect();
    let mut ways: Vec<Vec<usize>> = Vec::new();
    for edge in &graph.edges {
        let mut way = vec![edge.from];
        for column in columns[edge.from] + 1..columns[edge.to] {
            spots.push(Spot { column, node: None, before: Vec::new(), after: Vec::new() });
            way.push(spots.len() - 1);
        }
        way.push(edge.to);
        for pair in way.windows(2) {
            spots[pair[0]].after.push(pair[1]);
            spots[pair[1]].before.push(pair[0]);
        }
        ways.push(way);
    }
    let order = order(&spots);
    let most =
        order.iter().map(|column| column.iter().map(|spot| spots[*spot].after.len()).sum::<usize>()).max();
    let gap = (GAP_FOR_A_LINE * most.unwrap_or_default() as f64).clamp(GAP, GAP_MOST);
    let mut places = places(graph, &spots, &order, gap);
    place_alone(graph, &spots, &mut places);
    let right = places.iter().map(|place| place.x + place.width).fold(0.0, f64::max);
    let bottom = places.iter().map(|place| place.y + place.height).fold(0.0, f64::max);
    Layout {
        lines: ways.iter().map(|way| way.iter().map(|spot| places[*spot]).collect()).collect(),
        boxes: places[..graph.nodes.len()].to_vec(),
        width: right + MARGIN,
        height: bottom + MARGIN,
        gap,
    }
}

/// The column of each chain. The checks know no chain that leads back to itself; here one would end the search.
fn columns(graph: &Graph) -> Vec<usize> {
    let mut columns = vec![0; graph.nodes.len()];
    for _ in 0..graph.nodes.len() {
        let mut is_done = true;
        for edge in &graph.edges {
            if columns[edge.to] <= columns[edge.from] {
                columns[edge.to] = columns[edge.from] + 1;
                is_done = false;
            }
        }
        if is_done {
            break;
        }
    }
    columns
}

/// The spots of each column from top to bottom.
fn order(spots: &[Spot]) -> Vec<Vec<usize>> {
    let count = spots.iter().map(|spot| spot.column + 1).max().unwrap_or_default();
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (number, spot) in spots.iter().enumerate().filter(|(_, spot)| !spot.is_alone()) {
        columns[spot.column].push(number);
    }
    let mut rank = vec![0.0; spots.len()];
    let number = |columns: &[Vec<usize>], rank: &mut [f64]| {
        for column in columns {
            column.iter().enumerate().for_each(|(at, spot)| rank[*spot] = at as f64);
        }
    };
    number(&columns, &mut rank);
    let mut best = (crossings(spots, &rank), columns.clone());
    for sweep in 0..SWEEPS {
        let forth = sweep % 2 == 0;
        // The hooks stay in the order of the policy.
        let sequence: Vec<usize> =
            if forth { (1..count).collect() } else { (1..count.saturating_sub(1)).rev().collect() };
        for column in sequence {
            let middle = |spot: &usize| {
                let near = if forth { &spots[*spot].before } else { &spots[*spot].after };
                let sum: f64 = near.iter().map(|other| rank[*other]).sum();
                if near.is_empty() { rank[*spot] } else { sum / near.len() as f64 }
            };
            let mut keyed: Vec<(f64, usize)> =
                columns[column].iter().map(|spot| (middle(spot), *spot)).collect();
            keyed.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            columns[column] = keyed.into_iter().map(|(_, spot)| spot).collect();
            columns[column].iter().enumerate().for_each(|(at, spot)| rank[*spot] = at as f64);
        }
        let now = crossings(spots, &rank);
        if now < best.0 {
            best = (now, columns.clone());
        }
    }
    best.1
}

/// How many lines cross.
fn crossings(spots: &[Spot], rank: &[f64]) -> usize {
    let lines: Vec<(usize, f64, f64)> = spots
        .iter()
        .enumerate()
        .flat_map(|(from, spot)| spot.after.iter().map(move |to| (spot.column, from, *to)))
        .map(|(column, from, to)| (column, rank[from], rank[to]))
        .collect();
    let cross = |one: &(usize, f64, f64), other: &(usize, f64, f64)| {
        one.0 == other.0 && (one.1 - other.1) * (one.2 - other.2) < 0.0
    };
    let pairs =
        lines.iter().enumerate().flat_map(|(at, one)| lines[at + 1..].iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| cross(one, other)).count()
}

/// Each spot beside those that lead to it, as far as those above let it.
fn places(graph: &Graph, spots: &[Spot], order: &[Vec<usize>], gap: f64) -> Vec<Place> {
    let mut places = vec![Place::default(); spots.len()];
    let mut x = MARGIN;
    for column in order {
        let width = column
            .iter()
            .filter_map(|spot| spots[*spot].node)
            .map(|node| width(graph, node))
            .fold(0.0, f64::max);
        let mut y = MARGIN;
        for spot in column {
            let height = match spots[*spot].node {
                Some(node) => height(graph, node),
                None => PASSING,
            };
            let middles: Vec<f64> = spots[*spot]
                .before
                .iter()
                .map(|before| places[*before].y + places[*before].height / 2.0)
                .collect();
            let wanted = middles.iter().sum::<f64>() / middles.len().max(1) as f64 - height / 2.0;
            let top = if middles.is_empty() { y } else { f64::max(y, wanted) };
            places[*spot] = Place { x, y: top, width, height };
            y = top + height + SPACE;
        }
        x += width + gap;
    }
    places
}

/// Puts those that no line leads to in rows below the others.
fn place_alone(graph: &Graph, spots: &[Spot], places: &mut [Place]) {
    let bottom = places.iter().map(|place| place.y + place.height).fold(0.0, f64::max);
    let (mut x, mut y) = (MARGIN, if bottom > 0.0 { bottom + SPACE } else { MARGIN });
    for (spot, place) in spots.iter().zip(places).filter(|(spot, _)| spot.is_alone()) {
        let Some(node) = spot.node else { continue };
        let width = width(graph, node);
        if x > MARGIN && x + width > ROW {
            (x, y) = (MARGIN, y + HOOK_HEIGHT + SPACE);
        }
        *place = Place { x, y, width, height: height(graph, node) };
        x += width + SPACE;
    }
}

fn height(graph: &Graph, node: usize) -> f64 {
    if graph.nodes[node].hook.is_some() { HOOK_HEIGHT } else { HEIGHT }
}

fn width(graph: &Graph, node: usize) -> f64 {
    let node = &graph.nodes[node];
    let name = node.name.chars().count().min(LETTERS_MOST) as f64 * LETTER;
    let hook = if node.hook.is_some() { 24.0 } else { 0.0 };
    let about = (node.about.chars().count() as f64).max(hook) * SMALL_LETTER;
    f64::max(name, about) + 28.0
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Edge, Node};
    use super::*;
    use crate::family::FamilySet;

    fn graph(count: usize, edges: &[(usize, usize)]) -> Graph {
        let node = |number| Node {
            name: format!("CHAIN{number}"),
            chain: Some(number),
            hook: None,
            policy: None,
            families: FamilySet::BOTH,
            about: String::new(),
        };
        let edge = |(from, to): &(usize, usize)| Edge { from: *from, to: *to, rules: 1, is_goto: false };
        Graph { nodes: (0..count).map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn boxes_do_not_overlap_and_calls_go_to_the_right() {
        // Three hooks, and thirty chains that are called from all over.
        let mut edges: Vec<(usize, usize)> = (3..33).map(|to| (to * 7 % 3, to)).collect();
        edges.extend((3..26).map(|from| (from, from + 1 + from * 5 % 7)));
        let graph = graph(33, &edges);
        let layout = layout(&graph);
        for (at, one) in layout.boxes.iter().enumerate() {
            assert!(one.x + one.width <= layout.width && one.y + one.height <= layout.height);
            for other in &layout.boxes[at + 1..] {
                let apart = one.x + one.width < other.x
                    || other.x + other.width < one.x
                    || one.y + one.height < other.y
                    || other.y + other.height < one.y;
                assert!(apart, "{one:?} {other:?}");
            }
        }
        for (edge, line) in graph.edges.iter().zip(&layout.lines) {
            assert_eq!((line[0], line[line.len() - 1]), (layout.boxes[edge.from], layout.boxes[edge.to]));
            assert!(line.windows(2).all(|pair| pair[0].x < pair[1].x));
        }
    }

    #[test]
    fn what_need_not_cross_does_not() {
        let graph = graph(6, &[(0, 5), (1, 4), (2, 3)]);
        let layout = layout(&graph);
        let tops: Vec<f64> = layout.boxes.iter().map(|place| place.y).collect();
        assert!(tops[5] < tops[4] && tops[4] < tops[3], "{tops:?}");
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(layout(&graph(2, &[(0, 1), (1, 0)])).boxes.len(), 2);
        assert!(layout(&graph(0, &[])).boxes.is_empty());
    }
}
