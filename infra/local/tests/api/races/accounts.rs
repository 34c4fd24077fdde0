//! Races for an e-mail address.
