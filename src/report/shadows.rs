//! The section of the shadow networks: what is memorised, how well membership is told, and for what the attack takes each point.

use minijinja::{Value, context};

use super::cell::{LONGEST_TITLE, MOST_ROWS};
use crate::{
    audit::shadows::MembershipAttack,
    frame::{Frame, MemorizedRow, ShadowRow, ShadowRows, decimals, shortened},
    plan::Role,
};

/// From this memorisation on an image is counted as memorised, as in Feldman and Zhang 2020.
const MEMORIZED: f64 = 0.25;

/// The section; nothing for a sweep without.
pub(super) fn view(frame: &Frame) -> Option<Value> {
    let rows = frame.shadows.as_ref()?;
    let is_shadow = |row: &&ShadowRow| frame.points[row.point].role == Role::Shadow;
    let attacks: Value = MembershipAttack::ALL
        .into_iter()
        .filter_map(|name| {
            let own: Vec<&ShadowRow> =
                rows.attacks.iter().filter(|row| row.attack == name).filter(is_shadow).collect();
            (!own.is_empty()).then(
                || context! { name => name.word(), cells => own.into_iter().map(cell).collect::<Value>() },
            )
        })
        .collect();
    let mut points: Vec<usize> = Vec::new();
    for row in rows.attacks.iter().filter(|row| !is_shadow(row)) {
        if !points.contains(&row.point) {
            points.push(row.point);
        }
    }
    let point = |&point: &usize| {
        let own = rows.attacks.iter().filter(|row| row.point == point);
        context! {
            title => shortened(&frame.points[point].title, LONGEST_TITLE),
            cells => own.map(cell).collect::<Value>(),
        }
    };
    Some(context! {
        networks => rows.networks,
        folds => rows.folds,
        summary => summary(rows),
        attacks,
        oracle => rows.attacks.iter().find_map(|row| row.numbers.as_ref().ok()?.1).map(|share| format!("{:.1}", share * 100.0)),
        points => points.iter().take(MOST_ROWS).map(point).collect::<Value>(),
    })
}

/// A number as the page shows it, or a dash and why.
fn cell(row: &ShadowRow) -> Value {
    let (value, reason) = match &row.numbers {
        Ok((mean, _)) if row.measure.starts_with("AUC") => {
            let half = mean.half_width.map_or_else(String::new, |half| format!(" ± {}", decimals(half)));
            (format!("{}{half}", decimals(mean.value)), "")
        }
        Ok((mean, _)) => (format!("{} %", mean.percent()), ""),
        Err(reason) => ("–".to_owned(), reason.as_str()),
    };
    context! { measure => row.measure, n => row.n, value, reason }
}

/// How much is memorised, in a sentence.
fn summary(rows: &ShadowRows) -> String {
    let images = rows.images.len();
    if images == 0 {
        return "Nothing can be said of memorisation yet.".to_owned();
    }
    let mean = rows.images.iter().map(|row| row.memorization.value).sum::<f64>() / images as f64;
    let memorized = rows.images.iter().filter(|row| row.memorization.value >= MEMORIZED).count();
    let beyond = |row: &&MemorizedRow| row.memorization.ends().0 > 0.0;
    let sure = rows.images.iter().filter(beyond).count();
    format!(
        "Mean memorisation of {images} training images: {}. {:.1} % are memorised to {MEMORIZED} or more; of {:.1} % the interval \
         lies above 0.",
        decimals(mean),
        100.0 * memorized as f64 / images as f64,
        100.0 * sure as f64 / images as f64,
    )
}
