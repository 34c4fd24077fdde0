//! The codes of problem documents. They never change their meaning; `docs/errors.md` lists them.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $code:literal $status:ident $title:literal;)+) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// One line for people, always the same for a code.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson "malformed_json" BAD_REQUEST "The body is not valid JSON";
    /// The cursor is not one of this list.
    InvalidCursor "invalid_cursor" BAD_REQUEST "The cursor does not belong to this list";
    /// The Idempotency-Key header is missing or unusable.
    InvalidIdempotencyKey "invalid_idempotency_key" BAD_REQUEST "The Idempotency-Key header is missing or not usable";
    /// No good access token.
    Unauthenticated "unauthenticated" UNAUTHORIZED "Sign in first";
    /// Wrong address or password.
    WrongCredentials "wrong_credentials" UNAUTHORIZED "The e-mail address or the password is wrong";
    /// Right address and password, and no code of the second factor.
    SecondFactorNeeded "second_factor_needed" UNAUTHORIZED "Signing in takes the code of the second factor as well";
    /// The code of the second factor is wrong or was used.
    WrongSecondFactor "wrong_second_factor" UNAUTHORIZED "The code of the second factor is wrong or was used";
    /// The refresh token is not good, or not any more.
    InvalidRefreshToken "invalid_refresh_token" UNAUTHORIZED "The refresh token is not valid";
    /// The ticket is unknown, used or too old.
    InvalidTicket "invalid_ticket" UNAUTHORIZED "The ticket is not valid";
    /// The account was switched off.
    AccountDisabled "account_disabled" FORBIDDEN "This account is disabled";
    /// Signed in as somebody who may not do this.
    Forbidden "forbidden" FORBIDDEN "Your account may not do this";
    /// The address must be confirmed first.
    EmailNotConfirmed "email_not_confirmed" FORBIDDEN "Confirm your e-mail address first";
    /// The role demands a second factor, and there is none.
    SecondFactorSetupRequired "second_factor_setup_required" FORBIDDEN "Set up a second factor first";
    /// The role demands the second factor.
    SecondFactorRequiredByRole "second_factor_required_by_role" FORBIDDEN "Your role demands the second factor";
    /// A page of this origin may not open a WebSocket.
    OriginNotAllowed "origin_not_allowed" FORBIDDEN "Pages of this origin may not connect";
    /// There is no such thing, or none that the caller may know of.
    NotFound "not_found" NOT_FOUND "There is no such thing";
    /// The path exists, the method does not.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The resource does not take this method";
    /// The place is taken.
    SlotTaken "slot_taken" CONFLICT "The slot is taken";
    /// As many vacations are entered as a calendar takes.
    TooManyVacations "too_many_vacations" CONFLICT "There are too many vacations";
    /// The booking's status does not allow it.
    WrongState "wrong_state" CONFLICT "The booking's status does not allow this";
    /// The booking was not completed, or too long ago.
    NotReviewable "not_reviewable" CONFLICT "The booking cannot be reviewed";
    /// This side has reviewed the booking.
    AlreadyReviewed "already_reviewed" CONFLICT "You have reviewed this booking";
    /// The review has its answer.
    AlreadyAnswered "already_answered" CONFLICT "The review has been answered";
    /// Not all bookings of a series can be had.
    SeriesConflicts "series_conflicts" CONFLICT "The series cannot be booked";
    /// Nobody has to wait.
    SlotsFree "slots_free" CONFLICT "There are free slots";
    /// The customer waits for that already.
    AlreadyWaiting "already_waiting" CONFLICT "You wait for this already";
    /// As many wait as may.
    WaitlistFull "waitlist_full" CONFLICT "The waitlist is full";
    /// It does not cost what was expected.
    PriceChanged "price_changed" CONFLICT "It costs another sum by now";
    /// What is given back is not what was expected.
    RefundChanged "refund_changed" CONFLICT "Another sum would be given back by now";
    /// The proposal that is meant is not there any more.
    ProposalChanged "proposal_changed" CONFLICT "Another time is proposed by now";
    /// The service is archived.
    ServiceArchived "service_archived" CONFLICT "The service is archived";
    /// Nobody of the staff archived the service.
    NotArchivedByStaff "not_archived_by_staff" CONFLICT "Staff did not archive this service";
    /// The account is not one of staff.
    NotStaff "not_staff" CONFLICT "Only staff have permissions";
    /// Staff stay staff, customers customers, and providers providers.
    RoleFixed "role_fixed" CONFLICT "The account cannot get this role";
    /// There would be no active super admin left.
    LastSuperAdmin "last_super_admin" CONFLICT "There must be another active super admin";
    /// There is a second factor already.
    SecondFactorOn "second_factor_on" CONFLICT "The second factor is on already";
    /// There is no second factor.
    SecondFactorOff "second_factor_off" CONFLICT "The second factor is off";
    /// The account is being erased, or was.
    AccountErased "account_erased" CONFLICT "The account is erased";
    /// Bookings are still to come.
    OpenBookings "open_bookings" CONFLICT "Settle the bookings to come first";
    /// The address has another account.
    EmailTaken "email_taken" CONFLICT "The e-mail address has another account";
    /// The telephone number has another account.
    PhoneTaken "phone_taken" CONFLICT "The telephone number has another account";
    /// Somebody else changes the same thing right now.
    Busy "busy" CONFLICT "The resource is being changed; try again";
    /// What is to be replaced is not what the If-Match header names any more.
    Stale "stale" PRECONDITION_FAILED "It has changed since it was read";
    /// There is no If-Match header, or an unusable one.
    IfMatchRequired "if_match_required" PRECONDITION_REQUIRED "Name the version that is to be replaced in If-Match";
    /// The body is too large.
    TooLarge "too_large" PAYLOAD_TOO_LARGE "The body is too large";
    /// The body is not declared as JSON.
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "Send application/json";
    /// A field is missing, unknown or not valid.
    InvalidInput "invalid_input" UNPROCESSABLE_ENTITY "The request is not valid";
    /// The slot is not one that this service offers.
    SlotNotOffered "slot_not_offered" UNPROCESSABLE_ENTITY "The service is not offered at this time";
    /// The code is wrong, used or too old.
    InvalidCode "invalid_code" UNPROCESSABLE_ENTITY "The code is wrong or no longer valid";
    /// The link to reset a password is wrong, used or too old.
    InvalidResetToken "invalid_reset_token" UNPROCESSABLE_ENTITY "The link is wrong or no longer valid";
    /// Whoever is signed in did not give the account's password.
    WrongPassword "wrong_password" UNPROCESSABLE_ENTITY "The password is wrong";
    /// The same Idempotency-Key came with another request.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "The Idempotency-Key was used for another request";
    /// Too many attempts.
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS "Too many attempts; wait";
    /// A fault of ours.
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side";
    /// Something that is needed does not answer.
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Temporarily unavailable; try again";
}
