//! How the subjects of letters about bookings begin.

use banister_domain::account::Locale;
use banister_domain::booking::Status;

use crate::recipients::Turn;

/// What has happened, in a word or two.
pub(super) const fn heading(locale: Locale, turn: Turn) -> &'static str {
    match (locale, turn) {
        (Locale::En, Turn::Stands(Status::Requested)) => "New request",
        (Locale::En, Turn::Stands(Status::Confirmed)) => "Confirmed",
        (Locale::En, Turn::Stands(Status::Declined)) => "Declined",
        (Locale::En, Turn::Stands(Status::Cancelled)) => "Cancelled",
        (Locale::En, Turn::Stands(Status::Expired)) => "Expired",
        (Locale::En, Turn::Stands(Status::Completed)) => "Completed",
        (Locale::En, Turn::Stands(Status::NoShow)) => "Missed",
        (Locale::En, Turn::Moved) => "Moved",
        (Locale::En, Turn::MoveProposed) => "Another time proposed",
        (Locale::En, Turn::MoveDeclined) => "Stays as it is",
        (Locale::Ru, Turn::Moved) => "Перенесено",
        (Locale::Ru, Turn::MoveProposed) => "Предложено другое время",
        (Locale::Ru, Turn::MoveDeclined) => "Остаётся как было",
        (Locale::Ru, Turn::Stands(Status::Requested)) => "Новая заявка",
        (Locale::Ru, Turn::Stands(Status::Confirmed)) => "Подтверждено",
        (Locale::Ru, Turn::Stands(Status::Declined)) => "Отклонено",
        (Locale::Ru, Turn::Stands(Status::Cancelled)) => "Отменено",
        (Locale::Ru, Turn::Stands(Status::Expired)) => "Заявка истекла",
        (Locale::Ru, Turn::Stands(Status::Completed)) => "Состоялось",
        (Locale::Ru, Turn::Stands(Status::NoShow)) => "Пропущено",
    }
}
