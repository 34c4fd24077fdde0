//! `/v1/me/calendar` and `/v1/services/{id}/slots`.

mod calendar;
mod slots;
