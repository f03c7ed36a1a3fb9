//! The formatter of `firewall!` and `rules!` bodies, which rustfmt leaves alone.
//!
//! ```text
//! source ──call──▶ bodies ──read──▶ pieces ──item──▶ statements ──write──▶ lines ──align──▶ text
//! ```
//!
//! It works on tokens and knows as much of the language as its layout needs: statements end in `;`
//! or `{ … }`, `=>` and `=` are aligned. What it does not know it prints as well as its tokens tell,
//! so that a policy with a mistake, or in words of a later version, is formatted too.
//!
//! Only blanks and line breaks change. That is checked every time: the text before and the text
//! after must be the same tokens and comments in the same order, or nothing is formatted.

mod align;
mod call;
mod error;
mod gap;
mod glue;
mod item;
mod layout;
mod line;
mod piece;
mod read;
mod spacing;
#[cfg(test)]
mod tests;
mod verify;
mod write;

pub use error::FormatError;

use call::{Call, find_calls, mentions_call};
use layout::Layout;
use read::Source;

/// The columns that a line may have; those of this project's own Rust code.
pub const MAX_WIDTH: usize = 110;

/// Formats every `firewall!` and `rules!` body of a Rust source file and returns the whole text.
///
/// Left as they are: text outside of these bodies; bodies that hold a `$`, since they belong to the
/// definition of another macro; a `rules!` whose body does not look like fragments, since other
/// crates may have a macro of that name.
///
/// # Errors
///
/// If the source cannot be read as Rust's tokens, or a body is nested too deep.
pub fn format_source(source: &str) -> Result<String, FormatError> {
    if !mentions_call(source) {
        return Ok(source.to_owned());
    }
    let read = Source::read(source)?;
    let mut out = String::with_capacity(source.len());
    out.push_str(read.prefix());
    let mut done = 0;
    let calls = find_calls(&read)?;
    let step = layout::step_of(read.text(), &calls);
    for call in &calls {
        out.push_str(&read.text()[done..call.start]);
        let body = format_call(call, &Layout::of_call(&out, &read, call, step));
        out.push_str(&body);
        done = call.end;
    }
    out.push_str(&read.text()[done..]);
    verify::check_same(&read, &out)?;
    Ok(out)
}

/// The body of a call with its delimiters, and the blank before it.
fn format_call(call: &Call<'_>, layout: &Layout<'_>) -> String {
    let mut lines = write::write_call(call, layout);
    align::align(&mut lines);
    line::print(&lines, layout)
}
