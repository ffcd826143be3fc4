//! How often something may happen, as rules without I/O: rates, what was counted of them, and whose name it is under.

mod failures;
mod reads;
mod rules;
mod standing;
mod subject;
mod window;

pub use failures::Failures;
pub use reads::Reads;
pub use rules::{Guessing, Rate, Rules};
pub use standing::{Exceeded, Standing};
pub use subject::{Whom, address, network};
pub use window::{Taken, Window};
