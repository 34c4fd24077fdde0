//! Races about one booking.
