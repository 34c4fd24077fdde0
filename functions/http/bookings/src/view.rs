//! How a booking is shown to its two sides.

pub(crate) use banister_platform::view::BookingView;
