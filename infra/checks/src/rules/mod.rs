//! Rules about template.yaml alone, and about the files that repeat its names.

mod api;
mod buckets;
mod environment;
mod functions;
mod outputs;
mod queues;
mod rights;
mod socket;
mod throttles;
mod watch;

pub use api::{gateway_may_invoke, routes_are_guarded, table_is_safe};
pub use buckets::buckets_are_closed;
pub use environment::{deployments_fit, sources_are_listed, variables_are_listed};
pub use functions::{functions_are_complete, hashing_has_a_processor, log_groups_are_kept};
pub use outputs::outputs_are_no_parameters;
pub use queues::{failures_are_kept, queues_are_complete};
pub use rights::{rights_are_narrow, secrets_are_read};
pub use socket::sockets_are_routed;
pub use throttles::routes_are_throttled;
pub use watch::{dashboard_fits, everything_is_watched};
