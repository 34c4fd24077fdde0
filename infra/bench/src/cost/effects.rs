//! What follows a call of each operation.

/// What an operation sets in motion beside its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// An event, relayed to the function that mails.
    Mail,
    /// An event, relayed to the function that mails and the one that pushes.
    MailAndPush,
    /// An event, relayed to the function that pushes.
    Push,
    /// An event, relayed to the function that removes photos.
    Removal,
    /// An object that its owner uploads, and the work on it.
    Upload,
    /// An event, relayed to the function that pushes, and the job that erases an account.
    PushAndErasure,
}

/// The effect of an operation of the API; none where it only reads, or changes what nobody is told of.
pub(super) fn effect(operation: &str) -> Option<Effect> {
    match operation {
        "register_account"
        | "resend_confirmation"
        | "request_password_reset"
        | "create_user"
        | "resend_user_confirmation"
        | "request_email_change"
        | "renew_recovery_codes"
        | "create_review"
        | "answer_review"
        | "archive_any_service" => Some(Effect::Mail),
        "complete_password_reset"
        | "change_password"
        | "confirm_totp"
        | "remove_totp"
        | "reset_user_totp"
        | "confirm_email_change"
        | "create_booking"
        | "confirm_booking"
        | "decline_booking"
        | "cancel_booking"
        | "complete_booking"
        | "mark_no_show"
        | "reschedule_booking"
        | "accept_reschedule"
        | "decline_reschedule"
        | "create_series"
        | "confirm_series"
        | "decline_series"
        | "cancel_series"
        | "reschedule_series"
        | "accept_series_reschedule"
        | "decline_series_reschedule"
        | "cancel_any_booking"
        | "reschedule_any_booking"
        | "book_on_behalf" => Some(Effect::MailAndPush),
        "end_session"
        | "end_current_session"
        | "end_all_sessions"
        | "end_user_sessions"
        | "disable_user"
        | "bulk_users"
        | "set_user_role" => Some(Effect::Push),
        "delete_me" | "delete_user" => Some(Effect::PushAndErasure),
        "remove_photo" => Some(Effect::Removal),
        "create_photo_upload" => Some(Effect::Upload),
        _ => None,
    }
}

/// Whether an operation leaves a record in the audit log, which is linked.
pub(super) fn is_audited(operation: &str) -> bool {
    matches!(
        operation,
        "register_account"
            | "confirm_email"
            | "resend_confirmation"
            | "request_password_reset"
            | "complete_password_reset"
            | "change_password"
            | "create_session"
            | "end_session"
            | "end_current_session"
            | "end_all_sessions"
            | "create_user"
            | "update_user"
            | "resend_user_confirmation"
            | "unlock_user"
            | "set_security_settings"
            | "reset_user_totp"
            | "renew_recovery_codes"
            | "remove_totp"
            | "confirm_totp"
            | "set_up_totp"
            | "confirm_email_change"
            | "request_email_change"
            | "confirm_phone"
            | "disable_user"
            | "bulk_users"
            | "enable_user"
            | "delete_me"
            | "delete_user"
            | "end_user_sessions"
            | "export_users"
            | "set_user_role"
            | "set_user_permissions"
            | "archive_any_service"
            | "restore_service"
            | "cancel_any_booking"
            | "reschedule_any_booking"
            | "book_on_behalf"
            | "moderate_review"
            | "create_resource"
            | "update_resource"
    )
}

/// Whether an operation makes something that is counted, or changes what it is counted as.
pub(super) fn is_counted(operation: &str) -> bool {
    matches!(
        operation,
        "register_account"
            | "create_user"
            | "disable_user"
            | "bulk_users"
            | "enable_user"
            | "delete_me"
            | "delete_user"
            | "set_user_role"
            | "create_service"
            | "publish_service"
            | "archive_service"
            | "cancel_any_booking"
            | "reschedule_any_booking"
            | "book_on_behalf"
            | "restore_service"
            | "archive_any_service"
            | "create_booking"
            | "confirm_booking"
            | "decline_booking"
            | "cancel_booking"
            | "complete_booking"
            | "mark_no_show"
            | "reschedule_booking"
            | "accept_reschedule"
            | "decline_reschedule"
            | "create_series"
            | "confirm_series"
            | "decline_series"
            | "cancel_series"
            | "reschedule_series"
            | "accept_series_reschedule"
            | "decline_series_reschedule"
    )
}
