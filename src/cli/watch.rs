//! `sweep watch`: the status of a sweep, again and again until every run has ended. On a terminal it is drawn over itself;
//! elsewhere it is told whenever it has changed.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use jiff::Timestamp;

use super::{CommandError, Exit, screen::Screen, status::Census, terminal};
use crate::report::duration;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// Seconds between two looks
    #[arg(long, default_value = "30", value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
}

pub(super) fn watch(arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut screen = Screen::of_stdout();
    let mut pace = None;
    let mut told = None;
    loop {
        let census = Census::take(&arguments.dir)?;
        let is_complete = census.is_complete();
        if let Some(screen) = &mut screen {
            let pace = pace.get_or_insert_with(|| FirstLook { since: Instant::now(), ended: census.ended() });
            screen.draw(&block(&census, pace, arguments.every));
        } else {
            let news = census.news(told.is_none() || is_complete);
            if told.as_ref() != Some(&news) {
                terminal::data(&format!("{}  {}", now(), news.join("\n")));
                census.note();
                told = Some(news);
            }
        }
        if is_complete {
            return Ok(Exit::Done);
        }
        thread::sleep(Duration::from_secs(arguments.every));
    }
}

/// How far the sweep was at the first look.
struct FirstLook {
    since: Instant,
    ended: usize,
}

impl FirstLook {
    /// How long the rest takes if it goes on so, in seconds.
    fn rest(&self, ended: usize, pending: usize) -> Option<f64> {
        let since = ended.checked_sub(self.ended).filter(|since| *since > 0)?;
        Some(self.since.elapsed().as_secs_f64() / since as f64 * pending as f64)
    }
}

fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Everything that there is to see, with the time in the last line.
fn block(census: &Census, pace: &FirstLook, every: u64) -> Vec<String> {
    let (ended, pending) = (census.ended(), census.pending());
    let rest = pace.rest(ended, pending).filter(|_| pending > 0);
    let rest = rest.map_or_else(String::new, |rest| format!(", {} to go at this pace", duration(rest)));
    let [first, others @ ..] = &census.lines()[..] else { return Vec::new() };
    let mut lines = vec![first.clone(), format!("{}{rest}", bar(ended, ended + pending))];
    lines.extend_from_slice(others);
    let next = if pending > 0 {
        format!(", a look every {every} s; Ctrl-C ends this and not the sweep")
    } else {
        String::new()
    };
    lines.push(format!("{}{next}", now()));
    lines
}

/// Columns of a bar.
const BAR: usize = 40;

/// How many of all have ended, as a bar with the percentage behind it.
fn bar(ended: usize, all: usize) -> String {
    let all = all.max(1);
    let full = BAR * ended / all;
    format!("{}{} {:3} %", "█".repeat(full), "░".repeat(BAR - full), 100 * ended / all)
}

#[cfg(test)]
mod tests {
    use super::{BAR, bar};

    #[test]
    fn a_bar_is_full_when_all_have_ended_and_not_before() {
        let full = |ended, all| bar(ended, all).chars().filter(|piece| *piece == '█').count();
        assert_eq!([full(0, 10), full(5, 10), full(999, 1000), full(10, 10)], [0, BAR / 2, BAR - 1, BAR]);
        assert!(bar(999, 1000).ends_with(" 99 %") && bar(0, 0).ends_with("   0 %"), "{}", bar(999, 1000));
    }
}
