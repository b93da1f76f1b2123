//! Progress bars on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that counts `total` steps of `what`; silent where standard error is not a terminal.
#[must_use]
pub fn bar(total: u64, what: &'static str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:>18} {wide_bar} {human_pos}/{human_len} · {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar =
        ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style);
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
