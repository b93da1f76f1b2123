//! Progress bars on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A count of `what` whose end is not known; silent where standard error is not a terminal.
#[must_use]
pub fn counter(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>18} {human_pos} · {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    shown(ProgressBar::no_length(), style, what)
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
