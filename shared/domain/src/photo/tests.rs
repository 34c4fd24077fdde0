use serde_json::json;

use super::*;

const OLD: u8 = 1;
const NEW: u8 = 2;
const STRANGE: u8 = 9;

fn id(number: u8) -> PhotoId {
    PhotoId::from_parts(0, number.into())
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn requested(photo: &Photo, number: u8) -> Photo {
    let size = PhotoSize::try_from(1_000).expect("a size");
    photo.request(id(number), PhotoType::Png, size, at(0)).expect("a request")
}

/// Every state, by what is shown and what became of the latest upload.
fn states() -> [(&'static str, Photo); 7] {
    let none = Photo::default();
    let shown = requested(&none, OLD).accept(id(OLD), at(1)).expect("accepted");
    let rejected =
        |photo: &Photo| requested(photo, NEW).reject(id(NEW), Rejection::Damaged, at(1)).expect("rejected");
    [
        ("none", none.clone()),
        ("pending", requested(&none, NEW)),
        ("rejected", rejected(&none)),
        ("shown", shown.clone()),
        ("shown, pending", requested(&shown, NEW)),
        ("shown, rejected", rejected(&shown)),
        ("removed", shown.remove()),
    ]
}

/// What a state looks like: the latest upload's outcome, the photo shown, those retired.
fn look(photo: &Photo) -> String {
    let upload = match &photo.upload {
        None => "-".to_owned(),
        Some(Upload { id: upload, outcome: Outcome::Pending, .. }) => format!("pending {}", name(*upload)),
        Some(Upload { id: upload, outcome: Outcome::Rejected(reason), .. }) => {
            format!("{reason} {}", name(*upload))
        }
    };
    let shown = photo.current.map_or("-", name);
    let retired: Vec<_> = photo.retired.iter().copied().map(name).collect();
    format!("{upload} | {shown} | {}", retired.join(","))
}

fn name(photo: PhotoId) -> &'static str {
    [(OLD, "old"), (NEW, "new"), (STRANGE, "strange")]
        .into_iter()
        .find_map(|(number, name)| (id(number) == photo).then_some(name))
        .expect("a photo of the test")
}

#[test]
fn every_command_in_every_state() {
    let refused = "refused";
    // Rows as `states`; columns: request another, accept new, reject new, remove.
    let table = [
        ["pending strange | - | ", refused, refused, "- | - | "],
        ["pending strange | - | ", "- | new | ", "empty new | - | ", "- | - | "],
        ["pending strange | - | ", refused, refused, "- | - | "],
        ["pending strange | old | ", refused, refused, "- | - | old"],
        ["pending strange | old | ", "- | new | old", "empty new | old | ", "- | - | old"],
        ["pending strange | old | ", refused, refused, "- | - | old"],
        ["pending strange | - | old", refused, refused, "- | - | old"],
    ];
    let shown = |outcome: Result<Photo, PhotoRefused>| match outcome {
        Ok(photo) => look(&photo),
        Err(error) => {
            assert_eq!(error, PhotoRefused::NotPending);
            refused.to_owned()
        }
    };
    for ((state, photo), row) in states().into_iter().zip(table) {
        let outcomes = [
            Ok(requested(&photo, STRANGE)),
            photo.accept(id(NEW), at(2)),
            photo.reject(id(NEW), Rejection::Empty, at(2)),
            Ok(photo.remove()),
        ];
        assert_eq!(outcomes.map(shown), row, "{state}");
        // A wrong id, and a pending upload at its very last moment, are nobody's.
        assert_eq!(photo.accept(id(STRANGE), at(2)), Err(PhotoRefused::NotPending), "{state}");
        let wrong = photo.reject(id(STRANGE), Rejection::Empty, at(2));
        assert_eq!(wrong, Err(PhotoRefused::NotPending), "{state}");
        assert_eq!(photo.accept(id(NEW), at(15)), Err(PhotoRefused::NotPending), "{state}");
        let late = photo.reject(id(NEW), Rejection::Empty, at(15));
        assert_eq!(late, Err(PhotoRefused::NotPending), "{state}");
        // An examination is of the pending upload, and changes nothing that people see.
        let wanted =
            if state.ends_with("pending") { Ok(look(&photo)) } else { Err(PhotoRefused::NotPending) };
        let begun = photo.begin_examination(id(NEW), at(2));
        assert_eq!(begun.as_ref().map(look).map_err(|error| *error), wanted, "{state}");
        if let Ok(begun) = begun {
            assert_ne!(begun, photo, "{state}");
            assert_eq!(begun.end_examination(id(NEW), at(2)), photo, "{state}");
        }
        assert_eq!(photo.begin_examination(id(STRANGE), at(2)), Err(PhotoRefused::NotPending), "{state}");
        assert_eq!(photo.begin_examination(id(NEW), at(15)), Err(PhotoRefused::NotPending), "{state}");
    }
}

#[test]
fn what_stops_two_examinations_is_not_begun_a_third_time() {
    let begin = |photo: &Photo, minutes| photo.begin_examination(id(NEW), at(minutes));
    let one = begin(&requested(&Photo::default(), NEW), 1).expect("begun");
    assert_eq!(begin(&one, 1), Ok(one.clone()), "the same examination");
    let two = begin(&one, 4).expect("begun");
    assert_eq!(begin(&two, 7), Err(PhotoRefused::StopsExaminations));
    assert!(two.accept(id(NEW), at(7)).is_ok(), "whoever is late may still be done");
    // What has ended does not count, whichever it was, and neither does what may still be at work.
    for ended in [1, 4] {
        let left = two.end_examination(id(NEW), at(ended));
        assert_eq!(left.end_examination(id(NEW), at(ended)), left);
        assert_eq!(left.end_examination(id(STRANGE), at(5 - ended)), left);
        assert!(begin(&left, 7).is_ok(), "{ended}");
    }
    let soon = at(4) + EXAMINED_WITHIN;
    let just_before = soon - SignedDuration::from_nanos(1);
    assert!(two.begin_examination(id(NEW), just_before).is_ok());
    assert_eq!(two.begin_examination(id(NEW), soon), Err(PhotoRefused::StopsExaminations));
    // Another upload is another matter.
    assert!(requested(&two, STRANGE).begin_examination(id(STRANGE), at(7)).is_ok());
}

#[test]
fn the_status_is_that_of_the_latest_upload_while_it_counts() {
    let damaged = Some(Status::Rejected(Rejection::Damaged));
    let (processing, ready) = (Some(Status::Processing), Some(Status::Ready));
    let wanted = [
        (None, None),
        (processing, None),
        (damaged, damaged),
        (ready, ready),
        (processing, ready),
        (damaged, damaged),
        (None, None),
    ];
    for ((state, photo), (soon, later)) in states().into_iter().zip(wanted) {
        assert_eq!((photo.status(at(14)), photo.status(at(15))), (soon, later), "{state}");
    }
}

#[test]
fn an_id_stands_for_one_thing() {
    let [.., (_, both), (_, rejected), (_, removed)] = states();
    assert_eq!(both.stage(id(NEW), at(14)), Stage::Pending(PhotoType::Png));
    assert_eq!(both.stage(id(OLD), at(14)), Stage::Current);
    for (photo, number, minutes) in
        [(&both, NEW, 15), (&both, STRANGE, 1), (&rejected, NEW, 1), (&removed, OLD, 1)]
    {
        assert_eq!(photo.stage(id(number), at(minutes)), Stage::Gone, "{number} {minutes}");
    }
}

#[test]
fn the_retired_are_bounded_and_tidied() {
    let mut photo = Photo::default();
    let mut number = 10;
    let size = PhotoSize::try_from(1).expect("a size");
    while let Ok(next) = photo.request(id(number), PhotoType::Jpeg, size, at(0)) {
        photo = next.accept(id(number), at(0)).expect("accepted");
        number += 1;
    }
    assert_eq!(photo.retired().len(), MAX_RETIRED);
    let removed = photo.remove().remove();
    assert_eq!((removed.retired().len(), removed.current()), (MAX_RETIRED + 1, None));
    let left = removed.tidied(&[id(10), id(STRANGE)]);
    assert_eq!(left.retired(), &removed.retired()[1..]);
    assert!(removed.tidied(removed.retired()).is_empty());
}

#[test]
fn it_is_kept_in_few_words() {
    let examined = requested(&Photo::default(), NEW).begin_examination(id(NEW), at(1)).expect("begun");
    for (state, photo) in states().into_iter().chain([("examined", examined)]) {
        let json = serde_json::to_value(&photo).expect("JSON");
        assert_eq!(serde_json::from_value::<Photo>(json).expect("read back"), photo, "{state}");
    }
    assert_eq!(serde_json::to_value(Photo::default()).expect("JSON"), json!({}));
}

#[test]
fn sizes_types_and_reasons_have_one_spelling() {
    for (bytes, good) in [(0, false), (1, true), (10_485_760, true), (10_485_761, false), (u64::MAX, false)] {
        assert_eq!(PhotoSize::try_from(bytes).is_ok(), good, "{bytes}");
    }
    for kind in [PhotoType::Jpeg, PhotoType::Png, PhotoType::Webp] {
        assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
    }
    assert!(serde_json::from_value::<PhotoType>("image/gif".into()).is_err());
    for reason in Rejection::ALL {
        assert_eq!(serde_json::to_value(reason).expect("JSON"), reason.as_str());
    }
}
