//! Progress of a run on a terminal: which day it is at, how much of the day's logs is read, how fast, and how
//! long that takes.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use crate::ingest::{Meter, Step};
use crate::release_file::day::Day;

/// A line that is written over, on stderr, where that is a terminal. It fits into 60 columns.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(output: &Output) -> Self {
        Self(output.bar(0, WORDS))
    }

    /// Says which day is begun.
    pub(super) fn day(&self, day: Day, place: usize, of: usize) {
        set_style(&self.0, WORDS);
        self.0.set_message(format!("{day}, day {place} of {of}"));
    }

    /// Notes how much is read.
    pub(super) fn meter(&self) -> Meter {
        let bar = self.0.clone();
        Meter::new(move |step| match step {
            Step::Begins(bytes) => {
                bar.set_length(bytes);
                bar.reset();
                set_style(&bar, READING);
            }
            Step::Read(bytes) => bar.inc(bytes),
            Step::Ends => {
                set_style(&bar, ADDING);
                bar.tick();
            }
        })
    }

    /// Takes the line away while something else is printed.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    pub(super) fn finish(self) {
        self.0.finish_and_clear();
    }
}

const WORDS: &str = "{msg}: looking at its files";
const READING: &str = "{msg}: {percent} %, {binary_bytes_per_sec}, {eta} left {wide_bar}";
const ADDING: &str = "{msg}: adding up";

fn set_style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::{ProgressDrawTarget, TermLike};

    use super::*;

    /// A terminal of 60 columns that keeps the line which was written last.
    #[derive(Debug, Clone, Default)]
    struct Terminal(Arc<Mutex<String>>);

    impl Terminal {
        fn line(&self) -> String {
            self.0.lock().unwrap().trim_end().to_owned()
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.0.lock().unwrap().clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_of_sixty_columns_says_where_the_run_is() {
        let terminal = Terminal::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let progress = Progress(ProgressBar::with_draw_target(Some(0), target));
        progress.day("2026-03-05".parse().unwrap(), 12, 30);
        progress.0.force_draw();
        assert_eq!(terminal.line(), "2026-03-05, day 12 of 30: looking at its files");
        let meter = progress.meter();
        meter.note(Step::Begins(4_000_000_000_000));
        meter.note(Step::Read(1_000_000_000_000));
        progress.0.force_draw();
        let line = terminal.line();
        assert!(line.starts_with("2026-03-05, day 12 of 30: 25 %, "), "{line}");
        assert!(line.contains("/s, ") && line.contains(" left"), "{line}");
        assert!(line.lines().count() == 1 && line.chars().count() <= 60, "{line}");
        meter.note(Step::Ends);
        progress.0.force_draw();
        assert_eq!(terminal.line(), "2026-03-05, day 12 of 30: adding up");
        progress.finish();
        assert_eq!(terminal.line(), "");
    }
}
