//! Progress bars on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Steps between two updates of a counter that counts every row.
const ROWS_AT_A_TIME: u64 = 4_096;

/// A count of `what` whose end is not known; silent where standard error is not a terminal.
#[must_use]
pub fn counter(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>18} {human_pos} · {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    shown(ProgressBar::no_length(), style, what)
}

/// Counts one more of many that each take no time: the terminal hears of some of them.
pub fn count(bar: &ProgressBar, so_far: u64) {
    if so_far.is_multiple_of(ROWS_AT_A_TIME) {
        bar.set_position(so_far);
    }
}

/// A bar that counts `total` steps of `what`; silent where standard error is not a terminal.
#[must_use]
pub fn bar(total: u64, what: &'static str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:>18} {wide_bar} {human_pos}/{human_len} · {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    shown(ProgressBar::new(total), style, what)
}

fn shown(bar: ProgressBar, style: ProgressStyle, what: &'static str) -> ProgressBar {
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_style(style);
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
