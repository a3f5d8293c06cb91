//! What the user sees while something works: bars on a terminal, plain lines elsewhere.

mod live;
mod memory;
mod remaining;
mod slot;

use std::{
    borrow::Cow,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use clap::ValueEnum;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::{live::LivePage, memory::MemoryWatch, remaining::Remaining, slot::Workload};
use super::terminal;
use crate::{
    frame::printable,
    outcome::{Outcome, Status},
    plan::Plan,
    pool::{Happening, Interruption, Observer},
    session::{Remark, Watcher},
    store::{Notice, Source},
};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Manner {
    /// Bars on a terminal, lines elsewhere
    Auto,
    /// Bars
    Bar,
    /// One plain line per run
    Lines,
    /// Nothing but warnings
    None,
}

impl Manner {
    fn chosen(self) -> Self {
        match self {
            Self::Auto if terminal::is_watched() => Self::Bar,
            Self::Auto => Self::Lines,
            chosen => chosen,
        }
    }
}

/// A bar for work that is counted, on a terminal alone.
pub(super) struct Counter {
    bar: ProgressBar,
    highest: AtomicUsize,
}

impl Counter {
    pub(super) fn new(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        bar.set_style(style("{msg} {wide_bar} {pos}/{len}"));
        bar.set_message(what);
        Self { bar, highest: AtomicUsize::new(0) }
    }

    /// `done` of `total`; threads may report in any order.
    pub(super) fn set(&self, done: usize, total: usize) {
        if self.highest.fetch_max(done, Ordering::Relaxed) < done {
            self.bar.set_length(total as u64);
            self.bar.set_position(done as u64);
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// What a slot is at, and its line on the terminal.
struct SlotBar {
    bar: ProgressBar,
    slot: Workload,
    /// When it was last without work.
    since: Instant,
}

impl SlotBar {
    /// Positions of a bar.
    const LENGTH: u64 = 1000;

    fn new(bar: ProgressBar) -> Self {
        bar.set_style(style("  {prefix:>4} {bar:20} {msg}"));
        bar.set_length(Self::LENGTH);
        Self { bar, slot: Workload::default(), since: Instant::now() }
    }

    fn begin(&mut self, run: usize, title: &str, images: f64) {
        if self.slot.is_idle() {
            self.since = Instant::now();
        }
        self.slot.begin(run, title.to_owned(), images);
    }

    fn show(&self) {
        self.bar.set_position((self.slot.share() * Self::LENGTH as f64) as u64);
        self.bar.set_message(self.slot.in_words(self.since.elapsed()));
    }
}

/// Shows a sweep as it goes.
struct SweepProgress<'p> {
    plan: &'p Plan,
    lines: bool,
    bars: MultiProgress,
    overall: ProgressBar,
    slots: Vec<SlotBar>,
    ended: usize,
    remaining: Remaining,
    since: Instant,
    _memory: Option<MemoryWatch>,
}

impl<'p> SweepProgress<'p> {
    /// The runs at these positions have an outcome already.
    fn new(plan: &'p Plan, slots: usize, ended: &[usize], manner: Manner) -> Self {
        let manner = manner.chosen();
        let target =
            if manner == Manner::Bar { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let overall = bars.add(ProgressBar::new(plan.runs.len() as u64));
        overall.set_style(style("{msg} {wide_bar} {pos}/{len} runs  {elapsed} elapsed, {prefix} to go"));
        overall.set_message(plan.name.clone());
        overall.set_prefix("—");
        overall.set_position(ended.len() as u64);
        let slots = (0..slots).map(|_| SlotBar::new(bars.add(ProgressBar::new(1)))).collect();
        let watches = manner == Manner::Bar && plan.engine.trains;
        let memory = watches.then(|| MemoryWatch::begin(plan.name.clone(), overall.clone()));
        Self {
            plan,
            lines: manner == Manner::Lines,
            bars,
            overall,
            slots,
            ended: ended.len(),
            remaining: Remaining::of(plan, ended),
            since: Instant::now(),
            _memory: memory,
        }
    }

    /// Says how long the rest will be, by the work that is left.
    fn estimate(&self) {
        if let Some(time) = self.remaining.time(self.since.elapsed()) {
            self.overall.set_prefix(format!("{:#}", HumanDuration(time)));
        }
    }

    fn title(&self, run: usize) -> String {
        let run = &self.plan.runs[run];
        format!("{} seed={}", self.plan.point(run).title(), run.seed)
    }

    /// A line that stays, between the bars and in the log.
    fn line(&self, text: &str) {
        self.bars.suspend(|| terminal::talk(text));
    }

    fn started(&mut self, slot: usize, run: usize) {
        self.remaining.begin(run);
        let title = printable(&self.title(run));
        let retain = self.plan.inputs.as_ref().map_or(0, |inputs| inputs.sizes.retain);
        let images = self.plan.point(&self.plan.runs[run]).passes * retain as f64;
        if let Some(line) = self.slots.get_mut(slot) {
            line.bar.set_prefix(slot.to_string());
            line.begin(run, &title, images);
            line.show();
        }
    }

    /// A run is at work nowhere any more, and nothing has come of it.
    fn stopped(&mut self, run: usize) {
        self.remaining.stop(run);
        for line in &mut self.slots {
            line.slot.end(run);
            line.show();
        }
    }

    fn ended(&mut self, slot: Option<usize>, run: usize, outcome: &Outcome, source: Source) {
        self.ended += 1;
        self.overall.set_position(self.ended as u64);
        self.remaining.end(slot.is_some(), run);
        self.estimate();
        if let Some(line) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            line.slot.end(run);
            line.show();
        }
        if self.lines || !matches!(outcome.status(), Status::Finished | Status::Diverged) {
            let line = self.ended_line(run, outcome, source);
            self.line(&line);
        }
    }

    fn ended_line(&self, run: usize, outcome: &Outcome, source: Source) -> String {
        let how: Cow<'_, str> = match outcome {
            Outcome::Finished(measured) => {
                let from = if source == Source::Cached { ", cached" } else { "" };
                format!(
                    " in {:.1} s, {:.1} % retain{from}",
                    measured.unlearn_s,
                    100.0 * measured.accuracy.retain.get()
                )
                .into()
            }
            Outcome::Diverged { step } => format!(" at step {step}").into(),
            Outcome::Failed { message, .. } => format!(": {}", printable(message)).into(),
            Outcome::TimedOut { after_s } => format!(" after {after_s:.0} s").into(),
            Outcome::Cancelled => "".into(),
        };
        let id = &self.plan.runs[run].id;
        let way_out = outcome.way_out().map(|way| format!("; {way}")).unwrap_or_default();
        format!(
            "[{}/{} {:>6.1} s] {} {} {}{how}{way_out}",
            self.ended,
            self.plan.runs.len(),
            self.since.elapsed().as_secs_f64(),
            id.short(),
            printable(&self.title(run)),
            outcome.status(),
        )
    }
}

impl Watcher for Manner {
    fn notice(&self, notice: &Notice) {
        terminal::notes([notice]);
    }

    fn remark(&self, remark: &Remark) {
        terminal::notes([remark]);
    }

    fn begins<'p>(&'p self, plan: &'p Plan, slots: usize, ended: &[usize]) -> Box<dyn Observer + 'p> {
        Box::new(SweepProgress::new(plan, slots, ended, *self))
    }
}

/// What is shown on the terminal, and in the page beside the results.
pub(super) struct WithPage<'a> {
    pub(super) manner: &'a Manner,
    pub(super) results: &'a Path,
}

impl Watcher for WithPage<'_> {
    fn notice(&self, notice: &Notice) {
        self.manner.notice(notice);
    }

    fn remark(&self, remark: &Remark) {
        self.manner.remark(remark);
    }

    fn begins<'p>(&'p self, plan: &'p Plan, slots: usize, ended: &[usize]) -> Box<dyn Observer + 'p> {
        let page = LivePage::new(plan, ended, self.results);
        Box::new(Both(self.manner.begins(plan, slots, ended), page))
    }
}

/// The terminal's observer and the page's.
struct Both<'p>(Box<dyn Observer + 'p>, LivePage<'p>);

impl Observer for Both<'_> {
    fn event(&mut self, happening: &Happening<'_>) {
        self.0.event(happening);
        self.1.event(happening);
    }
}

/// Takes the bars away.
impl Drop for SweepProgress<'_> {
    fn drop(&mut self) {
        for slot in &self.slots {
            slot.bar.finish_and_clear();
        }
        self.overall.finish_and_clear();
    }
}

impl Observer for SweepProgress<'_> {
    fn event(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::WorkerStarting { slot } => {
                if let Some(line) = self.slots.get_mut(*slot) {
                    line.slot.clear();
                    line.show();
                    line.bar.set_prefix(slot.to_string());
                    line.bar.set_message("starting");
                }
            }
            Happening::WorkerReady { .. } => {}
            Happening::Started { slot, run, .. } => self.started(*slot, *run),
            Happening::Progress { slot, run, step, steps } => {
                let share = slot::share(*step, *steps);
                if let Some(line) = self.slots.get_mut(*slot) {
                    line.slot.advance(*run, share);
                    line.show();
                }
                self.remaining.advance(*run, share);
                self.estimate();
            }
            Happening::Ended { slot, run, outcome, source } => self.ended(*slot, *run, outcome, *source),
            Happening::WorkerLost { slot, reason } => {
                self.line(&format!("warning: the worker of slot {slot} is gone: {}", printable(reason)));
            }
            Happening::SlotBroken { slot, reason } => {
                self.line(&format!("warning: slot {slot} is used no more: {}", printable(reason)));
            }
            Happening::Retrying { run, attempt, .. } => {
                self.stopped(*run);
                self.line(&format!(
                    "note: {} will be tried again (attempt {attempt} failed)",
                    printable(&self.title(*run))
                ));
            }
            Happening::Crowded { slot, runs, rows, reason } => {
                for &run in runs {
                    self.stopped(run);
                }
                self.line(&format!(
                    "note: slot {slot} has too little memory for more than {rows} runs at once; they begin anew, {rows} at \
                     once: {}",
                    printable(reason)
                ));
            }
            Happening::Abandoned { run, .. } => {
                self.stopped(*run);
                self.line(&format!(
                    "note: {} was stopped and is pending again",
                    printable(&self.title(*run))
                ));
            }
            Happening::Dropped { run, .. } => {
                let notice = Notice::LateOutcome { run: self.plan.runs[*run].id.clone() };
                self.line(&format!("note: {notice}"));
            }
            Happening::Draining { by, running } => self.line(&draining(*by, *running)),
            Happening::Notice(notice) => self.line(&format!("note: {notice}")),
        }
    }
}

fn draining(by: Interruption, running: usize) -> String {
    match by {
        Interruption::Interrupt(1) => {
            format!(
                "note: {running} runs at work will finish, nothing new is started; press Ctrl-C again to stop them"
            )
        }
        Interruption::Drain => {
            format!(
                "note: {running} runs at work will finish, nothing new is started; the same command goes on later"
            )
        }
        _ => format!("note: stopping {running} runs at work; run the same command again to go on"),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant")
}
