//! A layout as SVG.

use super::graph::{Edge, Graph, Node};
use super::layout::{LETTERS_MOST, Layout, Place};
use crate::model::ChainPolicy;
use crate::page::html::Html;
use crate::page::rules::hook_words;
use crate::page::view::chain_id;

pub(super) fn draw(html: &mut Html, graph: &Graph, layout: &Layout, label: &str) {
    let (width, height) = (number(layout.width), number(layout.height));
    let view_box = format!("0 0 {width} {height}");
    let attributes = [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("width", width.as_str()),
        ("height", &height),
        ("viewBox", &view_box),
        ("role", "group"),
        ("aria-label", label),
    ];
    html.element("svg", &attributes, |html| {
        for (edge, line) in graph.edges.iter().zip(&layout.lines) {
            draw_line(html, edge, line, layout.gap / 2.0);
        }
        let called = graph.called();
        for ((node, place), called) in graph.nodes.iter().zip(&layout.boxes).zip(called) {
            draw_node(html, node, *place, called);
        }
    });
}

/// A line in curves through the places between two boxes, with a head.
fn draw_line(html: &mut Html, edge: &Edge, line: &[Place], half: f64) {
    let middle = |place: &Place| place.y + place.height / 2.0;
    let last = line.len() - 1;
    let (mut x, mut y) = (line[0].x + line[0].width, middle(&line[0]));
    let mut path = format!("M{} {}", number(x), number(y));
    for (at, place) in line.iter().enumerate().skip(1) {
        let (to_x, to_y) = (place.x - if at == last { 7.0 } else { 0.0 }, middle(place));
        path += &format!(
            "C{} {} {} {} {} {}",
            number(x + half),
            number(y),
            number(to_x - half),
            number(to_y),
            number(to_x),
            number(to_y)
        );
        (x, y) = (to_x, to_y);
        if at < last {
            x += place.width;
            path += &format!("H{}", number(x));
        }
    }
    let class = if edge.is_goto { "line goto" } else { "line" };
    html.element("path", &[("class", class), ("d", &path)], |_| {});
    let head = format!("M{} {}l-1-4l9 4l-9 4z", number(x - 1.0), number(y));
    html.element("path", &[("class", "head"), ("d", &head)], |_| {});
    if edge.rules > 1 {
        let (x, y) = (number(x - 14.0), number(y - 5.0));
        let attributes = [("class", "small"), ("text-anchor", "middle"), ("x", x.as_str()), ("y", &y)];
        html.leaf("text", &attributes, &format!("{}×", edge.rules));
    }
}

fn draw_node(html: &mut Html, node: &Node, place: Place, called: bool) {
    match node.chain {
        Some(chain) => {
            html.link(&chain_id(chain), |html| draw_box(html, node, place, called));
        }
        None => draw_box(html, node, place, called),
    }
}

fn draw_box(html: &mut Html, node: &Node, place: Place, called: bool) {
    let class = match (node.chain, called) {
        (None, _) => "box foreign",
        (_, false) => "box uncalled",
        (_, true) => "box",
    };
    let [x, y, width, height] = [place.x, place.y, place.width, place.height].map(number);
    html.element(
        "rect",
        &[("class", class), ("x", &x), ("y", &y), ("width", &width), ("height", &height), ("rx", "6")],
        |_| {},
    );
    if let Some(policy) = node.policy {
        let class = match policy {
            ChainPolicy::Accept => "edge accept",
            ChainPolicy::Drop => "edge drop",
        };
        let path =
            format!("M{} {}v{}", number(place.x + 1.5), number(place.y + 5.0), number(place.height - 10.0));
        html.element("path", &[("class", class), ("d", &path)], |_| {});
    }
    let mut baseline = place.y + 18.0;
    let mut line = |html: &mut Html, class: &str, text: &str| {
        let (x, y) = (number(place.x + 14.0), number(baseline));
        html.leaf("text", &[("class", class), ("x", &x), ("y", &y)], text);
        baseline += 16.0;
    };
    if let Some(hook) = node.hook {
        line(html, "small", hook_words(hook));
    }
    line(html, "name", &cut(&node.name));
    line(html, "small", &node.about);
}

fn cut(name: &str) -> String {
    if name.chars().count() <= LETTERS_MOST {
        return name.to_owned();
    }
    name.chars().take(LETTERS_MOST - 1).chain(['…']).collect()
}

/// A length with at most one digit behind the point.
fn number(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
