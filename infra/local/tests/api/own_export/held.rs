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

pub(super) const SHOWN: [Shown; 18] = [
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
    shown("calendar_feed", "/calendar_feed", Some("created_at")),
    shown("service", "/services", Some("id")),
    shown("waitlist_entry", "/waitlist", Some("id")),
    shown("booking", "/bookings_made /bookings_taken", Some("id")),
    shown("booking_history", "/bookings_made /bookings_taken", Some("at")),
    shown("reviews", "/bookings_made /bookings_taken", Some("created_at")),
    shown("audit", "/audit_about /audit_by", Some("id")),
];

/// Kinds of items that name a person and are not in it, with why.
pub(super) const EXCEPTED: [(&str, &str); 22] = [
    ("bulk_order", "what a job is to do to whom, until it is over; the line of the audit log is in it"),
    (
        "bulk_result",
        "what became of the account in an act on many, for 30 days; the line of the audit log is in it",
    ),
    (
        "calendar_day",
        "when bookings taken are, which are in it, and vacations, which are in it until they are over",
    ),
    ("calendar_feed_link", "whose calendar a link shows, under a hash; the link is in it"),
    ("calendar_week", "that a week with a limit has bookings, which are in it"),
    (
        "card",
        "what everybody finds of a service or of a provider; the account, services and reviews are in it",
    ),
    ("connection", "whose a connection is; the connection is in it"),
    ("hold", "a place that was held for minutes, or offered for hours, and a day until it is forgotten"),
    ("counted", "that the account, a service or a booking is counted, as what it is"),
    ("handled", "that a mail was sent, by numbers, for 30 days"),
    (
        "job",
        "numbers and times of long work, and until it is over what accounts it looks for; whoever asked for it has its id, and the line of the audit log",
    ),
    ("own_counts", "how many services and bookings stand how; they are in it"),
    ("rating", "what ratings of a service or of a person add up to; the reviews are in it"),
    ("receipt", "answers to requests that may come again, for a day: what they show is in it"),
    (
        "reset",
        "that a link was mailed, under a hash that is not found by the person, for half an hour, of an invitation three days; the line of the audit log is in it",
    ),
    (
        "resource",
        "what providers share, and who they are; staff say so, and `GET /v1/me/resources` shows the own",
    ),
    ("resource_user", "that a provider may use what is shared; see there"),
    (
        "series",
        "how bookings that recur were planned, and what was done to them together; the bookings are in it, with the series of each",
    ),
    ("super_admins", "who the active super admins are; the role is in it"),
    ("waitlist_offer", "that a provider's place is kept for the person; the wait is in it"),
    ("waitlist_place", "that the person waits for a provider; the wait is in it"),
    ("ticket", "that a WebSocket may be opened, under a hash, for a minute"),
];

/// Of these kinds also items of others name whoever acted on them as staff, with where that is.
pub(super) const ELSEWHERE: [(&str, &str); 2] = [
    ("grants", "/audit_by has what was granted to others"),
    ("booking_history", "/audit_by has what was cancelled, moved and made"),
];

/// Kinds of items that name nobody.
pub(super) const IMPERSONAL: [&str; 7] = [
    "audit_head",
    "audit_link",
    "limit",
    "outbox",
    "resource_day",
    "security_settings",
    "statistics_generation",
];

/// Attributes of the kinds that are shown that stand in the export under another name: the kind, the attribute,
/// and where it is in what shows the item, or, after a slash, in the export. `*` is every kind.
pub(super) const NAMED: [(&str, &str, &str); 37] = [
    ("*", "user_id", "/user_id"),
    ("user", "permissions", "/permissions.permission"),
    ("user", "photo.upload.outcome.rejected", "photo.reason"),
    ("user", "second_factor", "/second_factor.on"),
    ("grants", "grants", ""),
    ("second_factor", "expires_at", "set_up_until"),
    ("code", "purpose.change_email.email", "email"),
    ("code", "purpose.confirm_phone.phone", "phone"),
    ("session", "refreshed_at", "last_used_at"),
    ("session", "replaced.agent", "device_before"),
    ("socket", "connection_id", "id"),
    ("former_email", "expires_at", "kept_until"),
    ("booking", "extras", "line_items"),
    ("booking", "proposal.place.ends_at", "proposal.ends_at"),
    ("booking", "proposal.place.starts_at", "proposal.starts_at"),
    ("calendar_feed", "provider_id", "/user_id"),
    ("calendar_rules", "provider_id", "/user_id"),
    ("calendar_rules", "rules", ""),
    ("calendar_rules", "vacations.time.from", "vacations.starts_at"),
    ("calendar_rules", "vacations.time.to", "vacations.ends_at"),
    ("reviews", "booking_id", "id"),
    ("reviews", "by_customer", "reviews.by_customer"),
    ("reviews", "by_provider", "reviews.by_provider"),
    ("reviews", "open_until", "reviews.open_until"),
    ("reviews", "published", "reviews.published_at"),
    ("service", "archived.at", "archived_at"),
    ("service", "archived.reason", "archived_reason"),
    ("waitlist_entry", "duration", "duration_minutes"),
    ("waitlist_entry", "window.from", "from"),
    ("waitlist_entry", "window.to", "to"),
    ("waitlist_entry", "state.status", "status"),
    ("waitlist_entry", "state", "offer"),
    ("audit", "change", ""),
    ("audit", "private.address.value", "address"),
    ("audit", "private.words.value", ""),
    ("audit on others", "actor_id", "/user_id"),
    ("audit on others", "user_id", "target_id"),
];

/// Attributes of the kinds that are shown that are not in it as they are kept, with why; `.*` is whatever an
/// attribute has.
pub(super) const LEFT: [(&str, &str, &str); 57] = [
    ("user", "disabled.at", "none can ask for it while the account is off"),
    ("user", "disabled.reason", "for staff, and none can ask for it while the account is off"),
    ("user", "epoch", "a number that voids sessions"),
    ("user", "phone_status", "`phone_confirmed` and `phone_taken` say it"),
    ("user", "photo.current", "the addresses of the photo have it"),
    ("user", "photo.retired", "whose files are being removed"),
    ("user", "photo.upload.content_type", "what an upload was said to be, of which no file is kept"),
    ("user", "photo.upload.examinations", "when it was looked at, for seconds"),
    ("user", "photo.upload.expires_at", "until when the upload is waited for, a quarter of an hour"),
    ("user", "photo.upload.id", "the name that its files would have"),
    ("user", "photo.upload.size", "what an upload was said to be, of which no file is kept"),
    ("user_term", "term", "a copy of the address, the number or a name"),
    ("credentials", "password_hash", "opens the account"),
    ("second_factor", "failures.count", "each wrong code has a line in the audit log"),
    ("second_factor", "failures.since", "each wrong code has a line in the audit log"),
    ("second_factor", "failures.told", "whether the audit log has a line of a code that came after too many"),
    ("second_factor", "recovery_codes", "open the account; how many are left is in it"),
    ("second_factor", "secret", "opens the account"),
    ("second_factor", "used", "the half minute of the last code; what it was used for is in the audit log"),
    ("code", "id", "the digits are made of it"),
    ("code", "purpose.change_email.epoch", "a number that voids sessions"),
    ("session", "epoch", "a number that voids sessions; `stands` is what comes of it"),
    ("session", "refresh_hash", "of a token"),
    ("session", "replaced.hash", "of a token"),
    ("session", "replaced.salt", "what made the next token of the one before"),
    ("socket", "epoch", "a number that voids sessions"),
    ("former_email", "code_id", "only makes the key another one for each change"),
    ("calendar_feed", "hash", "of a token"),
    ("booking", "occupies.from", "the time with the provider's buffers, which are in the calendar's rules"),
    ("booking", "occupies.to", "the time with the provider's buffers, which are in the calendar's rules"),
    ("booking", "proposal.id", "the name of the place that is held"),
    ("booking", "proposal.place.local_start", "the same on the provider's clock"),
    ("booking", "proposal.place.occupies.from", "the time with the provider's buffers"),
    ("booking", "proposal.place.occupies.to", "the time with the provider's buffers"),
    ("booking", "proposal.place.resource_ids", "what the service needs, which has them"),
    ("booking", "proposal.place.time_zone", "the provider's, which the booking has"),
    ("booking", "proposal.refund_at_most", "`refund_at_most` once it moves"),
    ("booking", "revision", "how many lines the history has"),
    ("booking_history", "actor_id", "`actor` says which side it was; who of staff is for staff"),
    ("booking_history", "revision", "the lines are in its order"),
    ("booking_history", "starts_at", "the booking has it"),
    ("booking_history by others", "reason", "the other side's words, which were mailed"),
    ("reviews", "by_customer.moderation.*", "for whoever wrote it, who has it"),
    ("waitlist_entry", "state.look_at", "when the schedule looks for a place"),
    ("audit", "private.address.salt", "what the seal is made with"),
    ("audit", "private.words.salt", "what the seal is made with"),
    ("audit", "schema", "which form the record has"),
    ("audit", "seals.address", "a hash of what is in it"),
    ("audit", "seals.words", "a hash of what is in it"),
    ("audit by others", "actor_id", "who of staff it was is for staff"),
    ("audit by others", "private.address.value", "of others, or of somebody who may be another"),
    (
        "audit by others",
        "private.words.value.after.reason",
        "words of staff are for staff; those that were mailed are in it",
    ),
    ("audit by others", "private.words.value.before.disabled.*", "words of staff are for staff"),
    (
        "audit by others",
        "private.words.value.before.reason",
        "words of staff, which were mailed when they were new",
    ),
    ("audit by others", "request_id", "of others, or of somebody who may be another"),
    ("audit on others", "change.*", "about others"),
    ("audit on others", "private.words.value.*", "about others"),
];

/// Attributes that an item may be without, of kinds that are not shown.
pub(super) const OF_OTHER_KINDS: [&str; 17] = [
    "area",
    "confirmed",
    "contribution",
    "created_from",
    "created_to",
    "cursor",
    "earlier",
    "failure",
    "files",
    "made",
    "page",
    "q",
    "service",
    "sides",
    "sort",
    "task",
    "waitlist_entry_id",
];
