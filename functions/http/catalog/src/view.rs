//! How a service is shown.

pub(crate) use banister_platform::view::ServiceView;
