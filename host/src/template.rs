//! What a message says: an operator's texts, or the built-in ones, with values that are taken literally.
//!
//! A text is chosen layer by layer ([`Templates`]), then rendered by [`Template`]. A value is never read as a template,
//! and what a stranger is called cannot change what a message says.

mod brought;
mod builtin;
mod choice;
mod fault;
mod layer;
mod locale;
mod member_name;
mod payment;
mod site;
mod spelling;
mod text;
mod values;
mod wording;

pub use brought::Brought;
pub use choice::{Occasion, Said, Templates, language_of};
pub use fault::{Fault, Wrong};
pub use layer::{GENERIC, Layer, PURPOSES};
pub use locale::{InvalidLocale, Locale};
pub use member_name::MemberName;
pub use payment::{InvalidPayment, Payment};
pub use site::Site;
pub use text::{Part, Template, Text};
pub use values::{BUILT_IN, Values, is_built_in};
pub use wording::{InvalidWording, Wording};

/// Compiles the built-in texts now, so that no request waits for it.
pub fn warm_up() {
    builtin::warm_up();
}

/// Control characters, line breaks, and marks that turn the direction of a text.
fn is_unwelcome(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod hostile;
