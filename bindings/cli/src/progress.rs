//! Progress of long work: on the standard error, if that is a terminal.

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that is gone when the work is done.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Begins a bar of so many steps of a thing.
    pub(crate) fn new(steps: u64, things: &str) -> Progress {
        let template = format!(
            "{{bar:30}} {{human_pos}}/{{human_len}} {things}  {{wide_msg}}  {{elapsed}}, {{eta}} left"
        );
        let style = ProgressStyle::with_template(&template)
            .expect("the template is well-formed")
            .progress_chars("=> ");
        let bar =
            ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(10));
        Progress(bar.with_style(style))
    }

    /// Says how far the work is.
    pub(crate) fn set(&self, done: u64, message: String) {
        self.0.set_position(done);
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Returns a number of bytes in the unit that suits it.
pub(crate) fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}
