//! The operator's face, on a socket of its own: whoever may open the socket's file is an operator.

mod socket;

pub use socket::{AdminSocket, SocketError};
