//! Time by number of rules, both in powers of ten, as SVG.

use std::fmt::Write as _;

use super::cases::Case;
use super::measure::Measured;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 200.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 50.0;
/// Colours that people who see few of them can tell apart (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// The powers of ten that an axis shows.
const RULES: (i32, i32) = (2, 5);
const MILLIS: (i32, i32) = (-1, 5);

/// Draws it.
pub(crate) fn plot(scales: &[(&Case, Vec<Measured>)]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    grid(&mut svg);
    for (number, (case, sizes)) in scales.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let points = sizes.iter().map(|one| place(one.rules as f64, one.analysis.as_secs_f64() * 1000.0));
        let points: Vec<(f64, f64)> = points.collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        for (x, y) in &points {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let (x, y) = (WIDTH - RIGHT + 15.0, TOP + 14.0 + 20.0 * number as f64);
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{}</text>", case.about);
    }
    svg += "</svg>\n";
    svg
}

fn grid(svg: &mut String) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for power in RULES.0..=RULES.1 {
        let (x, _) = place(10f64.powi(power), 1.0);
        let _ = writeln!(svg, "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 18.0,
            10u64.pow(power as u32)
        );
    }
    for power in MILLIS.0..=MILLIS.1 {
        let (_, y) = place(100.0, 10f64.powi(power));
        let _ = writeln!(svg, "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>");
        let label = match power {
            ..0 => "0.1 ms".to_owned(),
            0..3 => format!("{} ms", 10u64.pow(power as u32)),
            _ => format!("{} s", 10u64.pow(power as u32 - 3)),
        };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">rules</text>",
        (LEFT + right) / 2.0,
        HEIGHT - 10.0
    );
}

fn place(rules: f64, millis: f64) -> (f64, f64) {
    let along = |value: f64, (first, last): (i32, i32)| {
        (value.max(1e-9).log10() - f64::from(first)) / f64::from(last - first)
    };
    let x = LEFT + along(rules, RULES) * (WIDTH - LEFT - RIGHT);
    let y = HEIGHT - BOTTOM - along(millis, MILLIS).max(0.0) * (HEIGHT - TOP - BOTTOM);
    (x, y)
}
