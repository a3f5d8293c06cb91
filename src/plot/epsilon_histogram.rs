//! How well single examples are forgotten: ε in the buckets that the score gives points for.

use super::{
    Figure,
    axis::Axis,
    font,
    palette::{self, Look},
    panels::Panels,
    scene::{AXIS, Anchor, Extent, MUTED, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::frame::{Frame, PointRow, ScoreRow, decimals};

pub(super) const FIGURE: Figure = Figure {
    name: "epsilon-histogram",
    about: "Share of forget examples by ε, for the best point of each method, beside retrained models (grey); \
            an example earns the points above its bucket",
    draw,
};

const TITLE: &str = "How well single examples are forgotten";
const PANEL_HEIGHT: f64 = 212.0;
/// Room for the numbers at the left of a panel.
const INDENT: f64 = 38.0;
/// Less room than this for a name gives it a line of its own.
const NARROW_NAME: f64 = 110.0;
/// Width of a bucket of ε.
const BUCKET: f64 = 0.5;

/// Shares of the examples per bucket; the last one holds everything that earns nothing.
struct Histogram {
    shares: Vec<f64>,
}

impl Histogram {
    /// Buckets [0, ½), [½, 1) … as far as N models can tell, ⌈ln(N−1)⌉, and one for the rest.
    fn of(row: &ScoreRow, n: u64) -> Self {
        let buckets = buckets(n);
        let mut counts = vec![0_u32; buckets + 1];
        for epsilon in &row.epsilons {
            counts[((epsilon.max(0.0) / BUCKET) as usize).min(buckets)] += 1;
        }
        let all = row.epsilons.len().max(1) as f64;
        Self { shares: counts.into_iter().map(|count| f64::from(count) / all).collect() }
    }
}

/// Buckets that earn points when N models are compared with N.
fn buckets(n: u64) -> usize {
    let limit = (n.saturating_sub(1).max(1) as f64).ln().ceil();
    (limit / BUCKET) as usize
}

/// Points of a bucket, 2⁻ᵏ, as short as they can be written.
fn points(bucket: usize, buckets: usize) -> String {
    const HALVES: [&str; 4] = ["1", "½", "¼", "⅛"];
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if bucket == buckets {
        return "0".to_owned();
    }
    let power =
        || bucket.to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect::<String>();
    HALVES.get(bucket).map_or_else(|| format!("2⁻{}", power()), ToString::to_string)
}

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let panels = panels(frame, Panels::most(sheet));
    let Some((_, first, _)) = panels.first() else { return sheet.empty(TITLE, frame) };
    let n = first.n;
    let ceiling = frame.ceiling().and_then(|point| point.score.as_ref().ok());
    let reference = ceiling.map(|row| Histogram::of(row, n));
    let heading = sheet.heading(TITLE, &note(frame, panels.len(), reference.is_some()), frame);
    let places = Panels::new(panels.len(), PANEL_HEIGHT, (sheet, heading.top + 6.0));
    let mut scene = heading.scene(sheet.width, places.bottom());
    let shown = panels.iter().map(|(_, row, _)| Histogram::of(row, n)).collect::<Vec<_>>();
    let top_share = shown.iter().chain(&reference).flat_map(|histogram| histogram.shares.iter().copied());
    let top_share = top_share.fold(0.0_f64, f64::max);
    for (nth, ((point, row, look), histogram)) in panels.iter().zip(&shown).enumerate() {
        let extent = places.cell(nth);
        let extent = draw_heading(&mut scene, &extent, point, row);
        let pair = Pair { own: histogram, reference: reference.as_ref(), look, top_share };
        draw_panel(&mut scene, &extent, &pair);
    }
    scene
}

/// The best point of every method, best first; the ceiling alone where nothing else has a score.
fn panels(frame: &Frame, most: usize) -> Vec<(&PointRow, &ScoreRow, Look)> {
    let looks = palette::looks(frame);
    let mut best: Vec<(&PointRow, &ScoreRow, Look)> = Vec::new();
    for (point, row) in frame.ranking() {
        if best.iter().all(|(other, _, _)| other.label != point.label) {
            best.push((point, row, palette::look(&looks, point)));
        }
    }
    if best.is_empty() {
        let ceiling = frame.ceiling().and_then(|point| point.score.as_ref().ok().map(|row| (point, row)));
        best.extend(ceiling.map(|(point, row)| (point, row, palette::ceiling())));
    }
    best.truncate(most);
    best
}

fn note(frame: &Frame, shown: usize, reference: bool) -> String {
    let methods = palette::looks(frame).len();
    let part = if shown < methods { format!(" · best {shown} of {methods} methods") } else { String::new() };
    let grey = if reference { " · grey: retrained, held out" } else { "" };
    format!("{grey}{part}")
}

/// Name and forgetting quality, beside each other where there is room; returns what is left of the panel.
fn draw_heading(scene: &mut Scene, extent: &Extent, point: &PointRow, row: &ScoreRow) -> Extent {
    const LINE: f64 = 14.0;
    let quality = format!("F = {}", decimals(row.forgetting_quality.value));
    let width = extent.right - extent.left;
    let beside = width - font::width(&quality, font::SMALL, font::Weight::Regular) - 10.0;
    let is_narrow = beside < NARROW_NAME;
    let title = font::fitted_name(&point.name, font::SMALL, if is_narrow { width } else { beside });
    scene.write(Words::new(title, (extent.left, extent.top + 10.0)).sized(font::SMALL));
    let quality = if is_narrow {
        Words::new(quality, (extent.left, extent.top + 10.0 + LINE))
    } else {
        Words::new(quality, (extent.right, extent.top + 10.0)).anchored(Anchor::End)
    };
    scene.write(quality.sized(font::SMALL).coloured(MUTED));
    Extent { top: extent.top + if is_narrow { LINE } else { 0.0 }, ..*extent }
}

/// What one panel shows.
struct Pair<'a> {
    own: &'a Histogram,
    reference: Option<&'a Histogram>,
    look: &'a Look,
    top_share: f64,
}

fn draw_panel(scene: &mut Scene, extent: &Extent, pair: &Pair) {
    let (left, right) = (extent.left + INDENT, extent.right);
    let (top, bottom) = (extent.top + 40.0, extent.bottom - 34.0);
    let shares = Axis::new((0.0, pair.top_share * 100.0 * 1.04), (bottom, top));
    for (value, text) in shares.ticks(5) {
        let y = shares.at(value);
        scene.line((left, y), (right, y), RULE, 1.0);
        let words = Words::new(text, (left - 5.0, y + 3.5)).anchored(Anchor::End);
        scene.write(words.sized(font::SMALL - 1.0).coloured(MUTED));
    }
    let count = pair.own.shares.len();
    let slot = (right - left) / count as f64;
    for bucket in 0..count {
        let from = left + bucket as f64 * slot;
        let share = |histogram: &Histogram| shares.at(histogram.shares[bucket] * 100.0);
        let edge = slot * 0.1;
        let split = if pair.reference.is_some() { slot * 0.56 } else { slot - edge };
        scene.fill((from + edge, share(pair.own)), (from + split, bottom), pair.look.colour);
        if let Some(reference) = pair.reference {
            scene.shade((from + split, share(reference)), (from + slot - edge, bottom), AXIS, 0.55);
        }
    }
    scene.line((left, bottom), (right, bottom), AXIS, 1.0);
    draw_scale(scene, extent, count);
}

/// Edges of the buckets below, their points above; every second one where they would touch.
fn draw_scale(scene: &mut Scene, extent: &Extent, count: usize) {
    let (left, right, buckets) = (extent.left + INDENT, extent.right, count - 1);
    let slot = (right - left) / count as f64;
    let small = |text: String, x: f64, y: f64| {
        Words::new(text, (x, y)).anchored(Anchor::Middle).sized(font::SMALL - 1.0).coloured(MUTED)
    };
    let stride = (24.0 / slot).ceil().max(1.0) as usize;
    for bucket in (0..count).filter(|bucket| bucket % stride == 0 || *bucket == buckets) {
        let crowded = bucket != buckets && buckets - bucket < stride;
        if !crowded {
            let x = left + (bucket as f64 + 0.5) * slot;
            scene.write(small(points(bucket, buckets), x, extent.top + 32.0));
        }
    }
    scene.write(small("points".to_owned(), extent.left, extent.top + 32.0).anchored(Anchor::Start));
    let rest = format!("≥ {}", buckets as f64 * BUCKET);
    let width = font::width(&rest, font::SMALL - 1.0, font::Weight::Regular);
    let middle = (right - slot / 2.0).min(right - width / 2.0);
    for edge in (0..buckets).filter(|edge| edge % stride.max(2) == 0) {
        let x = left + edge as f64 * slot;
        scene.line((x, extent.bottom - 34.0), (x, extent.bottom - 30.0), AXIS, 1.0);
        let words = small(format!("{}", edge as f64 * BUCKET), x, extent.bottom - 18.0);
        if words.extent().right + 4.0 < middle - width / 2.0 {
            scene.write(words);
        }
    }
    scene.write(small(rest, middle, extent.bottom - 18.0));
    let label = Words::new("ε →", (right, extent.bottom - 4.0)).anchored(Anchor::End);
    scene.write(label.sized(font::SMALL - 1.0).coloured(MUTED));
    let label = Words::new("↑ % of examples", (extent.left, extent.bottom - 4.0));
    scene.write(label.sized(font::SMALL - 1.0).coloured(MUTED));
}

#[cfg(test)]
mod tests {
    use super::{Histogram, buckets, points};
    use crate::frame::{Estimate, ScoreRow};

    #[test]
    fn as_many_buckets_earn_points_as_the_reference_gives() {
        // ⌈ln(N−1)⌉ in steps of ½, as the competition's released code counts them.
        for (n, count) in [(2, 0), (3, 2), (64, 10), (128, 10), (256, 12), (512, 14), (1024, 14)] {
            assert_eq!(buckets(n), count, "N = {n}");
        }
    }

    #[test]
    fn points_halve_from_bucket_to_bucket() {
        let texts: Vec<String> =
            [0, 1, 2, 3, 4, 13, 14].into_iter().map(|bucket| points(bucket, 14)).collect();
        assert_eq!(texts, ["1", "½", "¼", "⅛", "2⁻⁴", "2⁻¹³", "0"]);
    }

    #[test]
    fn an_example_on_an_edge_falls_into_the_bucket_above_it() {
        let one = Estimate { value: 0.0, interval: None };
        let epsilons = vec![0.0, 0.499, 0.5, 1.99, 2.0, 50.0];
        let row = ScoreRow {
            n: 8,
            epsilons,
            forgetting_quality: one,
            retain_ratio: one,
            test_ratio: one,
            score: one,
            normalised: None,
            cross_fit: None,
            nulls: None,
            components: None,
        };
        let sixths: Vec<f64> =
            Histogram::of(&row, 8).shares.iter().map(|share| (share * 6.0).round()).collect();
        assert_eq!(sixths, [2.0, 1.0, 0.0, 1.0, 2.0]);
    }
}
