//! What every endpoint is made of: who calls, what comes in, what goes out.

mod answer;
mod area;
mod cache;
mod calendar;
mod caller;
mod code;
mod cursor;
mod date;
mod etag;
mod idempotency;
mod input;
mod layer;
mod patch;
mod problem;
mod unmatched;

pub use answer::{
    Accepted, AcceptedJson, Answer, Attachment, Created, Located, NoContent, OkJson, Replayable,
};
pub use area::{Area, Contract, Endpoint, Operation, contract_of, merge};
pub use cache::{Cacheable, Caching};
pub use calendar::{CalendarFeed, ICS, JsonOrIcs, Known, MaybeIcs};
pub use caller::{
    Anyone, Caller, ConfirmedCustomer, Customer, Enrolling, HasGate, Needed, Party, Provider, SignedIn,
    Staff, SuperAdmin, Visitor, needs,
};
pub use code::Code;
pub use cursor::{Cursors, ListOf, PageSize};
pub use date::{date, optional_date};
pub use etag::{Fingerprinted, OptionalSeen, Seen};
pub use idempotency::{IdempotencyKey, OptionalIdempotencyKey};
pub(crate) use input::site_of;
pub use input::{ClientAddress, Json, OptionalJson, Path, Query, UserAgent, withheld};
pub use layer::finish;
pub use patch::{Change, present};
pub use problem::{FieldError, Problem};

#[doc(hidden)]
pub use utoipa_axum::routes;
