//! The numbers of the operations. A number is never used again for something else.

/// Hand over a `Message`; answers a `Receipt`.
pub const DELIVER: u32 = 1;
/// Asked with a `Candidate`; answers an `Availability`. Only where the manifest declares it.
pub const AVAILABILITY: u32 = 2;
/// Answers `null` if the provider could deliver now.
pub const HEALTH: u32 = 3;
/// The host will not call again; answers `null`.
pub const CLOSE: u32 = 4;
/// The most verbose level the host wants to hear (JSON: 0 off to 5 trace); answers `null`.
pub const SET_MAX_LEVEL: u32 = 5;

/// Host: an `HttpRequest` with its body as blob; answers an `HttpResponse` with its body as blob.
pub const HOST_HTTP: u32 = 1;
/// Host: waits the milliseconds it is given (a JSON number); answers `null`.
pub const HOST_SLEEP: u32 = 2;

/// Query: the most verbose level the host wants to hear, plus one: 1 off to 6 trace.
pub const QUERY_MAX_LEVEL: u32 = 1;
/// Query: the present in milliseconds since 1970-01-01 UTC.
pub const QUERY_NOW: u32 = 2;

/// Trace: an event; `span` is its parent, 0 for the host's current span.
pub const TRACE_EVENT: u32 = 1;
/// Trace: a new span; `span` is its parent, 0 for the host's current span. Answers its id.
pub const TRACE_NEW_SPAN: u32 = 2;
/// Trace: more values of a span.
pub const TRACE_RECORD: u32 = 3;
/// Trace: a span has ended.
pub const TRACE_CLOSE: u32 = 4;
/// Trace: is anybody interested in this callsite? 1 never, 2 sometimes, 3 always.
pub const TRACE_INTEREST: u32 = 5;
