//! Administration: what staff see and do.

mod permissions;
