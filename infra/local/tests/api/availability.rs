//! `/v1/me/calendar`, its vacations and its link, and `/v1/services/{id}/slots`.

mod calendar;
mod feeds;
mod limits;
mod slots;
mod vacations;
