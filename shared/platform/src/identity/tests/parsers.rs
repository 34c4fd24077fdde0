//! What reads tokens and codes of clients: any text is refused without panic, unless it was issued.

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::ticket::Ticket;
use super::*;

static OURS: LazyLock<Pair> = LazyLock::new(|| pair("k"));

static REFRESH: LazyLock<RefreshKey> =
    LazyLock::new(|| RefreshKey::from_settings(&settings(&[("CODE_KEY", "k".repeat(32))])).unwrap());

fn read(text: &str) -> Option<RefreshToken> {
    REFRESH.read(text)
}

fn written(token: &RefreshToken) -> String {
    REFRESH.expose(token)
}

/// A header that names or brings a key of its own is worth no more than one that does not.
#[test]
fn a_token_brings_no_key() {
    let (ours, theirs) = (&*OURS, pair("k"));
    let key = |pair: &Pair| {
        let (_, der) = pair.private.split_once(':').unwrap();
        EncodingKey::from_ed_der(&STANDARD.decode(der).unwrap())
    };
    let plain = Header { typ: Some("at+jwt".into()), kid: Some("k".into()), ..Header::new(Algorithm::EdDSA) };
    let place = Some("https://example.com/keys.json".to_owned());
    let jwk = Some(serde_json::from_value(theirs.public.clone()).unwrap());
    for header in [
        plain.clone(),
        Header { jwk, ..plain.clone() },
        Header { jku: place.clone(), ..plain.clone() },
        Header { x5u: place, ..plain.clone() },
        Header { x5c: Some(vec!["MIIB".into()]), ..plain },
    ] {
        let sign = |pair: &Pair| jsonwebtoken::encode(&header, &claims(), &key(pair)).unwrap();
        assert_eq!(verifier(&[ours]).verify(&sign(&theirs), now()), Err(InvalidToken), "{header:?}");
        assert_eq!(verifier(&[ours]).verify(&sign(ours), now()), Ok(claims()), "{header:?}");
    }
}

proptest! {
    #[test]
    fn a_changed_character_voids_an_access_token(at in any::<Index>(), to in "[A-Za-z0-9_.=-]") {
        let good = issuer(&OURS, "here").sign(&claims()).unwrap().text;
        let at = at.index(good.len());
        let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
        prop_assume!(changed != good);
        prop_assert_eq!(verifier(&[&OURS]).verify(&changed, now()), Err(InvalidToken));
    }

    #[test]
    fn any_text_is_refused_as_an_access_token(
        text in ".{0,80}",
        parts in prop::collection::vec("\\PC{0,30}|\\{\"alg\":\"[A-Za-z0-9]{1,6}\"\\}", 0..5),
    ) {
        let parts: Vec<_> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
        for text in [text, parts.join(".")] {
            prop_assert_eq!(verifier(&[&OURS]).verify(&text, now()), Err(InvalidToken));
        }
    }

    #[test]
    fn an_access_token_is_good_until_the_second_of_its_end(exp in any::<i64>(), nearly in -2_i64..3) {
        for exp in [exp, now().as_second() + nearly] {
            let token = issuer(&OURS, "here").sign(&Claims { iat: 0, exp, ..claims() }).unwrap().text;
            let good = verifier(&[&OURS]).verify(&token, now()).is_ok();
            prop_assert_eq!(good, exp > now().as_second(), "{}", exp);
        }
    }

    #[test]
    fn a_refresh_token_is_read_as_it_is_written(
        millis in 0_u64..1 << 48, user in any::<u128>(), session in any::<u128>(), extra in "[A-Za-z0-9_.-]",
    ) {
        let token = RefreshToken::issue(Id::from_parts(millis, user), Id::from_parts(millis, session));
        let text = written(&token);
        let again = read(&text).unwrap();
        prop_assert_eq!((again.user_id, again.session_id), (token.user_id, token.session_id));
        prop_assert_eq!(again.hash(), token.hash());
        prop_assert_eq!(written(&again), text.clone());
        for bad in [&text[1..], &text[..text.len() - 1], &format!("{text}{extra}"), &format!(" {text}")] {
            prop_assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn any_text_is_a_refresh_token_as_it_is_written_or_none(
        text in prop_oneof![".{0,120}", "rft_usr_[0-7][0-9A-TV-Z]{25}\\.ses_[0-7][0-9A-TV-Z]{25}\\..{40,44}"],
    ) {
        if let Some(token) = read(&text) {
            prop_assert_eq!(written(&token), text);
        }
    }

    #[test]
    fn any_text_is_a_link_or_a_ticket_as_it_is_written_or_none(
        text in prop_oneof![".{0,60}", "[A-Za-z0-9_-]{42,44}", " ?[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"],
    ) {
        if let Some(token) = ResetToken::parse(&text) {
            prop_assert_eq!(token.expose(), text.trim());
        }
        if let Some(ticket) = Ticket::parse(&text) {
            prop_assert_eq!(ticket.expose(), &text);
        }
    }

    #[test]
    fn no_other_text_is_a_code(random in any::<u128>(), typed in prop_oneof![".{0,20}", "[0-9 -]{6,12}"]) {
        let codes = Codes::from_settings(&settings(&[("CODE_KEY", "c".repeat(32))])).unwrap();
        let id = Id::from_parts(1, random);
        let digits = codes.digits(id);
        let plain: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        prop_assert_eq!(codes.is(id, &typed), plain == digits);
        prop_assert!(codes.is(id, &digits));
    }
}
