//! What is wrong with a text, and where in it.

/// Something wrong in a text as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub struct Fault {
    /// The byte of the text at which it is.
    pub at: usize,
    /// What it is.
    pub wrong: Wrong,
}

impl Fault {
    pub(super) fn new(at: usize, wrong: Wrong) -> Self {
        Self { at, wrong }
    }
}

/// What may be wrong with a text, said so that the name of the text goes before it. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A tag begins and never ends.
    #[error("has a `{0}` that is never closed")]
    Unclosed(&'static str),
    /// A name that nothing has.
    #[error("uses `{0}`, which is no variable")]
    Unknown(String),
    /// A tag that texts have no use for.
    #[error("uses `{{% {0} %}}`, which is not for texts")]
    Tag(String),
    /// Loops within loops within loops.
    #[error("nests more than {} loops", super::spelling::DEEPEST)]
    Deep,
    /// Anything else that the engine cannot read or do.
    #[error("is no template: {0}")]
    Syntax(String),
    /// The code is not in it.
    #[error("lacks its payload")]
    NoPayload,
    /// The code is in it only sometimes.
    #[error("does not always hold its payload")]
    MayLackPayload,
    /// What a payer must read is not in it (Delegated Regulation (EU) 2018/389 article 5).
    #[error("does not say both `amount` and `payee` of a payment")]
    LacksPayment,
    /// A subject of several lines.
    #[error("has a line break, and a subject is one line")]
    LineBreak,
    /// It takes too much work, or grows too large.
    #[error("takes too much work or grows too large to render")]
    Endless,
}
