//! The figure: both numbers over N, side by side.

use std::{error::Error, path::Path};

use plotters::{
    coord::Shift,
    prelude::{
        BitMapBackend, ChartBuilder, Circle, DrawingArea, IntoDrawingArea, IntoLogRange, LineSeries,
        PathElement, SeriesLabelPosition,
    },
    style::{Color, FontStyle, IntoFont, RGBColor, WHITE, register_font},
};

use crate::{summary::Summary, world::SETTINGS};

static FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.subset.ttf");

/// Okabe and Ito's colours.
const COLOURS: [RGBColor; 5] = [
    RGBColor(0x1f, 0x23, 0x28),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
];

/// One number of a summary: mean and standard deviation.
type Pick = fn(&Summary) -> (f64, f64);

/// One half of the figure.
struct Panel {
    title: &'static str,
    /// Upper end of the vertical axis.
    top: f64,
    /// Where no line runs.
    legend: SeriesLabelPosition,
    pick: Pick,
}

/// Draws means with standard deviations.
pub(crate) fn draw(summaries: &[Summary], path: &Path) -> Result<(), Box<dyn Error>> {
    register_font("sans-serif", FontStyle::Normal, FONT).map_err(|_| "the bundled font is not taken")?;
    let area = BitMapBackend::new(path, (1600, 720)).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(800);
    let forgetting_quality = Panel {
        title: "Competition's forgetting quality F",
        top: 0.3,
        legend: SeriesLabelPosition::UpperRight,
        pick: |summary| summary.forgetting_quality,
    };
    let quality = Panel {
        title: "Cross-fitted quality Q",
        top: 1.1,
        legend: SeriesLabelPosition::LowerRight,
        pick: |summary| summary.quality,
    };
    forgetting_quality.draw(&left, summaries)?;
    quality.draw(&right, summaries)?;
    area.present()?;
    Ok(())
}

impl Panel {
    fn draw(
        &self,
        area: &DrawingArea<BitMapBackend<'_>, Shift>,
        summaries: &[Summary],
    ) -> Result<(), Box<dyn Error>> {
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 30).into_font())
            .margin(24)
            .x_label_area_size(56)
            .y_label_area_size(72)
            .build_cartesian_2d((14.0..590.0).log_scale().base(2.0), 0.0..self.top)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc("models per side, N (mean ± standard deviation over repeats)")
            .x_label_formatter(&|n| format!("{n:.0}"))
            .y_label_formatter(&|value| format!("{value:.2}"))
            .label_style(("sans-serif", 20))
            .axis_desc_style(("sans-serif", 20))
            .draw()?;
        for (nth, (setting, colour)) in SETTINGS.iter().zip(COLOURS).enumerate() {
            let own: Vec<(f64, (f64, f64))> = summaries
                .iter()
                .filter(|summary| summary.setting == setting.name)
                // Side by side, so that bars don't hide one another.
                .map(|summary| (summary.n as f64 * (1.0 + 0.03 * (nth as f64 - 2.0)), (self.pick)(summary)))
                .collect();
            let line = LineSeries::new(own.iter().map(|(n, (mean, _))| (*n, *mean)), colour.stroke_width(3));
            chart
                .draw_series(line)?
                .label(setting.name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 28, y)], colour.stroke_width(4)));
            chart.draw_series(own.iter().map(|(n, (mean, sd))| {
                PathElement::new(vec![(*n, mean - sd), (*n, mean + sd)], colour.stroke_width(2))
            }))?;
            chart
                .draw_series(own.iter().map(|(n, (mean, _))| Circle::new((*n, *mean), 5, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .label_font(("sans-serif", 20))
            .background_style(WHITE.mix(0.85))
            .position(self.legend.clone())
            .draw()?;
        Ok(())
    }
}
