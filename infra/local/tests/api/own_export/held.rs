//! What becomes of each kind of item in an export; docs/api-design.md has the same.

/// A kind of item that is in it.
pub(super) struct Shown {
    /// `t` of the item.
    pub(super) kind: &'static str,
    /// Where it is in the export, any of these.
    pub(super) pointers: &'static str,
    /// An attribute of the item whose text is found there.
    pub(super) name: Option<&'static str>,
}

const fn shown(kind: &'static str, pointers: &'static str, name: Option<&'static str>) -> Shown {
    Shown { kind, pointers, name }
}

pub(super) const SHOWN: [Shown; 15] = [
    shown("user", "/account", Some("id")),
    shown("credentials", "/account", Some("email")),
    shown("phone", "/account", Some("phone")),
    shown("user_term", "/account", None),
    shown("grants", "/permissions", None),
    shown("second_factor", "/second_factor", None),
    shown("code", "/codes", Some("expires_at")),
    shown("session", "/sessions", Some("id")),
    shown("socket", "/connections", Some("connection_id")),
    shown("former_email", "/former_emails", Some("email")),
    shown("calendar_rules", "/calendar", None),
    shown("service", "/services", Some("id")),
    shown("booking", "/bookings_made /bookings_taken", Some("id")),
    shown("booking_history", "/bookings_made /bookings_taken", Some("at")),
    shown("audit", "/audit_about /audit_by", Some("id")),
];

/// Kinds of items that name a person and are not in it, with why.
pub(super) const EXCEPTED: [(&str, &str); 11] = [
    ("bulk_order", "what a job is to do to whom, until it is over; the line of the audit log is in it"),
    (
        "bulk_result",
        "what became of the account in an act on many, for 30 days; the line of the audit log is in it",
    ),
    ("calendar_day", "when bookings taken are, which are in it"),
    ("connection", "whose a connection is; the connection is in it"),
    ("counted", "that the account, a service or a booking is counted, as what it is"),
    ("handled", "that a mail was sent, by numbers, for 30 days"),
    (
        "job",
        "numbers and times of long work, and until it is over what accounts it looks for; whoever asked for it has its id, and the line of the audit log",
    ),
    ("receipt", "answers to requests that may come again, for a day: what they show is in it"),
    (
        "reset",
        "that a link was mailed, under a hash that is not found by the person, for half an hour, of an invitation three days; the line of the audit log is in it",
    ),
    ("super_admins", "who the active super admins are; the role is in it"),
    ("ticket", "that a WebSocket may be opened, under a hash, for a minute"),
];

/// Of these kinds also items of others name whoever acted on them as staff, with where that is.
pub(super) const ELSEWHERE: [(&str, &str); 2] = [
    ("grants", "/audit_by has what was granted to others"),
    ("booking_history", "/audit_by has what was cancelled"),
];

/// Kinds of items that name nobody.
pub(super) const IMPERSONAL: [&str; 6] =
    ["audit_head", "audit_link", "limit", "outbox", "security_settings", "statistics_generation"];
