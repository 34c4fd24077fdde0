use proptest::prelude::*;

use super::*;
use crate::booking::any_booking as booking;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// The booking ends on 2026-03-10 at 11:00, and is completed a day later at the latest.
const COMPLETED: &str = "2026-03-11T11:00:00Z";
const LAST: &str = "2026-03-25T10:59:59.999Z";
const CLOSED: &str = "2026-03-25T11:00:00Z";

fn rating(number: u16) -> Rating {
    Rating::new(number).expect("a rating")
}

fn text(words: &str) -> ReviewText {
    words.parse().expect("words")
}

fn open() -> Reviews {
    Reviews::open(&booking(Status::Completed), at(COMPLETED)).expect("it took place")
}

fn by(reviews: Reviews, author: Author, stars: u16) -> Reviews {
    reviews.written(author, (rating(stars), Some(text("Fine."))), at(COMPLETED)).expect("written")
}

#[test]
fn only_what_took_place_is_reviewed() {
    for status in Status::ALL {
        let before = Reviews::open(&booking(status), at("2026-03-09T09:00:00Z"));
        assert_eq!(before.is_ok(), status == Status::Completed, "{status:?}");
    }
    // Completed by time, and not yet written down; a request would have expired.
    assert!(Reviews::open(&booking(Status::Confirmed), at(COMPLETED)).is_ok());
    let missed = Reviews::open(&booking(Status::Requested), at(COMPLETED));
    assert_eq!(missed, Err(ReviewRefusal::NotCompleted));
}

#[test]
fn each_side_speaks_once_and_in_time() {
    for author in Author::ALL {
        let once = by(open(), author, 4);
        let again = once.clone().written(author, (rating(1), None), at(COMPLETED));
        assert_eq!(again, Err(ReviewRefusal::AlreadyReviewed));
        assert!(open().written(author, (rating(1), None), at(LAST)).is_ok());
        let late = open().written(author, (rating(1), None), at(CLOSED));
        assert_eq!(late, Err(ReviewRefusal::Closed(at(CLOSED))));
    }
}

#[test]
fn neither_is_read_before_both_have_spoken() {
    for (first, second) in [(Author::Customer, Author::Provider), (Author::Provider, Author::Customer)] {
        let one = by(open(), first, 2);
        assert_eq!((one.published_at(at(LAST)), one.shown(first, at(LAST))), (None, None));
        assert!(one.tally(first).is_nothing() && one.news(None).is_empty());
        let both = by(one, second, 5);
        for author in Author::ALL {
            assert!(both.shown(author, at(COMPLETED)).is_some());
        }
        assert_eq!(both.tally(first), Tally { count: 1, sum: 2 });
        assert_eq!(both.news(Some(&by(open(), first, 2))).len(), 2);
        assert_eq!((both.due_at(), both.settled(at(CLOSED))), (None, None));
    }
}

#[test]
fn time_publishes_what_is_there() {
    let one = by(open(), Author::Customer, 3);
    assert_eq!((one.due_at(), one.settled(at(LAST))), (Some(at(CLOSED)), None));
    assert_eq!(one.published_at(at(CLOSED)), Some(at(CLOSED)));
    let settled = one.settled(at("2026-04-01T00:00:00Z")).expect("it is time");
    // Since it could be read, not since somebody wrote that down.
    assert_eq!((settled.published, settled.tally(Author::Customer).sum), (Some(at(CLOSED)), 3));
    assert!(
        matches!(settled.news(Some(&one))[..], [Payload::ReviewPublished(about)] if about.actor == Actor::Customer)
    );
    assert_eq!(settled.news(Some(&settled)), []);
}

#[test]
fn a_provider_answers_once_what_can_be_read() {
    let sealed = by(open(), Author::Customer, 1);
    let answer = |reviews: Reviews| reviews.answered(text("Sorry."), at(COMPLETED));
    assert_eq!(answer(sealed.clone()), Err(ReviewRefusal::Missing));
    assert!(sealed.clone().answered(text("Sorry."), at(CLOSED)).is_ok());
    let both = by(sealed, Author::Provider, 5);
    let answered = answer(both.clone()).expect("it can be read");
    assert_eq!(answered.tally(Author::Customer), both.tally(Author::Customer));
    assert!(matches!(answered.news(Some(&both))[..], [Payload::ReviewAnswered(_)]));
    assert_eq!(answer(answered), Err(ReviewRefusal::AlreadyAnswered));
    let hidden =
        both.moderated(Author::Customer, moderated(true)).expect("there is one").expect("it is shown");
    assert_eq!(answer(hidden), Err(ReviewRefusal::Missing));
    assert_eq!(answer(by(open(), Author::Provider, 1)), Err(ReviewRefusal::Missing));
}

fn moderated(hidden: bool) -> Moderated {
    let reason = Some("It names somebody.".parse().expect("a reason"));
    Moderated { at: at(COMPLETED), hidden, reason }
}

#[test]
fn what_is_hidden_counts_no_more() {
    let both = by(by(open(), Author::Customer, 1), Author::Provider, 5);
    let hidden = both.clone().moderated(Author::Customer, moderated(true));
    let hidden = hidden.expect("there is one").expect("it is shown");
    assert!(hidden.tally(Author::Customer).is_nothing());
    assert!(hidden.shown(Author::Customer, at(CLOSED)).is_none());
    assert_eq!(hidden.tally(Author::Provider), both.tally(Author::Provider));
    assert_eq!(hidden.clone().moderated(Author::Customer, moderated(true)), Ok(None));
    let shown = hidden.clone().moderated(Author::Customer, moderated(false)).expect("there is one");
    let shown = shown.expect("it is hidden");
    assert_eq!(shown.tally(Author::Customer), both.tally(Author::Customer));
    assert_eq!(both.moderated(Author::Customer, moderated(false)), Ok(None));
    assert_eq!(open().moderated(Author::Customer, moderated(true)), Err(ReviewRefusal::Missing));
    // Hidden before it could be read: nobody is told of it.
    let early = by(open(), Author::Customer, 1).moderated(Author::Customer, moderated(true));
    let early = early.expect("there is one").expect("it is shown");
    assert_eq!(early.settled(at(CLOSED)).expect("it is time").news(Some(&early)), []);
}

#[test]
fn own_words_go_and_ratings_stay() {
    let say = |reviews: Reviews, author, words: &str| {
        reviews.written(author, (rating(3), Some(text(words))), at(COMPLETED)).expect("written")
    };
    let both = say(say(open(), Author::Customer, "Fine."), Author::Provider, "Kind.");
    let answered = both.answered(text("Sorry."), at(COMPLETED)).expect("it can be read");
    let hidden = answered.moderated(Author::Provider, moderated(true)).expect("there is one").expect("shown");
    for (author, gone, left) in [
        (Author::Customer, &["Fine", "names"][..], &["Kind", "Sorry"][..]),
        (Author::Provider, &["Kind", "Sorry", "names"], &["Fine"]),
    ] {
        let without = hidden.clone().without_words_of(author);
        let kept = serde_json::to_string(&without).expect("JSON");
        assert!(!gone.iter().any(|word| kept.contains(word)), "{kept}");
        assert!(left.iter().all(|word| kept.contains(word)), "{kept}");
        for author in Author::ALL {
            assert_eq!(without.tally(author), hidden.tally(author));
        }
        assert_eq!(without.clone().without_words_of(author), without);
    }
}

#[test]
fn the_last_word_is_the_latest() {
    assert_eq!(open().last_touched(), None);
    let both = by(by(open(), Author::Customer, 1), Author::Provider, 5);
    assert_eq!(both.last_touched(), Some(at(COMPLETED)));
    let answered = both.answered(text("Sorry."), at(CLOSED)).expect("it can be read");
    assert_eq!(answered.last_touched(), Some(at(CLOSED)));
    let later = Moderated { at: at("2026-05-01T00:00:00Z"), ..moderated(true) };
    let hidden = answered.moderated(Author::Provider, later).expect("there is one").expect("it is shown");
    assert_eq!(hidden.last_touched(), Some(at("2026-05-01T00:00:00Z")));
}

#[test]
fn averages_are_rounded_to_the_nearest() {
    let hundredths = |count, sum| Tally { count, sum }.hundredths();
    assert_eq!(hundredths(0, 0), None);
    assert_eq!(
        [hundredths(1, 5), hundredths(3, 14), hundredths(3, 13), hundredths(8, 33)],
        [Some(500), Some(467), Some(433), Some(413)]
    );
}

/// What can be done to the reviews of a booking.
#[derive(Debug, Clone, Copy)]
enum Step {
    Write(Author, u16),
    Answer,
    Moderate(Author, bool),
    Settle,
    Later,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let author = || prop::sample::select(Author::ALL.to_vec());
    let step = prop_oneof![
        (author(), 1..=5_u16).prop_map(|(author, stars)| Step::Write(author, stars)),
        Just(Step::Answer),
        (author(), any::<bool>()).prop_map(|(author, hide)| Step::Moderate(author, hide)),
        Just(Step::Settle),
        Just(Step::Later),
    ];
    prop::collection::vec(step, 0..20)
}

proptest! {
    /// Whatever happens in whatever order: the changes of the sums add up to what can be read.
    #[test]
    fn sums_are_what_is_shown(steps in steps()) {
        let mut now = at(COMPLETED);
        let mut reviews = open();
        let mut sums = [Tally::default(); 2];
        for step in steps {
            let before = reviews.clone();
            let after = match step {
                Step::Write(author, stars) => before.written(author, (rating(stars), None), now).ok(),
                Step::Answer => before.answered(text("Thanks."), now).ok(),
                Step::Moderate(author, hide) => before.moderated(author, moderated(hide)).ok().flatten(),
                Step::Settle => before.settled(now),
                Step::Later => {
                    now = at(CLOSED);
                    None
                }
            };
            let Some(after) = after else { continue };
            for (sum, author) in sums.iter_mut().zip(Author::ALL) {
                let change = after.tally(author) - reviews.tally(author);
                *sum = Tally { count: sum.count + change.count, sum: sum.sum + change.sum };
                let shown = after.published.and(after.shown(author, now));
                let wanted = shown.map_or_else(Tally::default, |it| Tally { count: 1, sum: it.rating.get().into() });
                prop_assert_eq!(*sum, wanted);
            }
            reviews = after;
        }
    }
}
