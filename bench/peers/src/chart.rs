//! The chart of the READMEs: what the range proofs of all customers cost, against their number; both axes by powers of ten.

use std::fmt::Write as _;

use crate::Measured;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Left, right, top, bottom.
const MARGINS: [f64; 4] = [64.0, 150.0, 24.0, 48.0];

/// A scale from values to places, by powers of ten.
struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - self.from) / (self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    fn powers(&self) -> impl Iterator<Item = i32> + use<> {
        (self.from.ceil() as i32)..=(self.to.floor() as i32)
    }
}

fn scale(values: impl Iterator<Item = f64> + Clone, start: f64, end: f64) -> Scale {
    let low = values.clone().fold(f64::INFINITY, f64::min).log10();
    let high = values.fold(0.0, f64::max).log10();
    Scale {
        from: (low - 0.1).floor().max(low - 0.5),
        to: (high + 0.1).ceil().min(high + 0.5),
        start,
        end,
    }
}

/// Pairs of dapol and ours.
pub fn draw(all: &[(Measured, Measured)]) -> String {
    let [left, right, top, bottom] = MARGINS;
    let both = all.iter().flat_map(|(dapol, por)| [dapol, por]);
    let across = scale(
        both.clone().map(|one| one.accounts as f64),
        left,
        WIDTH - right,
    );
    let up = scale(both.map(|one| one.proofs), HEIGHT - bottom, top);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Seconds for the range proofs of all customers, against their number\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for power in up.powers() {
        let y = up.place(10_f64.powi(power));
        line(&mut svg, [left, y, WIDTH - right, y], "#ddd", "");
        text(&mut svg, left - 8.0, y + 4.0, "end", &seconds(power));
    }
    for power in across.powers() {
        let x = across.place(10_f64.powi(power));
        line(&mut svg, [x, top, x, HEIGHT - bottom], "#ddd", "");
        text(
            &mut svg,
            x,
            HEIGHT - bottom + 18.0,
            "middle",
            &format!("{:.0}", 10_f64.powi(power)),
        );
    }
    let middle = (left + WIDTH - right) / 2.0;
    text(&mut svg, middle, HEIGHT - 10.0, "middle", "customers");
    text(
        &mut svg,
        left,
        top - 8.0,
        "start",
        "time for all range proofs, 2 cores",
    );
    let dapol: Vec<&Measured> = all.iter().map(|(dapol, _)| dapol).collect();
    let por: Vec<&Measured> = all.iter().map(|(_, por)| por).collect();
    for (name, colour, series) in [("dapol 0.4.0", "#b3541e", dapol), ("por", "#1a6b54", por)] {
        for pair in series.windows(2) {
            let [from, to] = pair else { continue };
            let place = |one: &Measured| (across.place(one.accounts as f64), up.place(one.proofs));
            let ((x, y), (x2, y2)) = (place(from), place(to));
            // What was multiplied from some is dashed.
            let dash = if to.whole {
                ""
            } else {
                " stroke-dasharray=\"5 4\""
            };
            line(&mut svg, [x, y, x2, y2], colour, dash);
        }
        for one in &series {
            let (x, y) = (across.place(one.accounts as f64), up.place(one.proofs));
            let fill = if one.whole { colour } else { "#fff" };
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"2\"/>"
            );
        }
        if let Some(last) = series.last() {
            let y = up.place(last.proofs) + 4.0;
            text(&mut svg, WIDTH - right + 10.0, y, "start", name);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn seconds(power: i32) -> String {
    match power {
        ..0 => format!("{} ms", 10_f64.powi(power + 3)),
        _ => format!("{:.0} s", 10_f64.powi(power)),
    }
}

fn line(svg: &mut String, [x, y, x2, y2]: [f64; 4], colour: &str, more: &str) {
    let width = if colour == "#ddd" { 1 } else { 2 };
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"{more}/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#222\">{text}</text>"
    );
}
