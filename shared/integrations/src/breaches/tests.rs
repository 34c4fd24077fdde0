use std::io::Read as _;
use std::net::TcpListener;
use std::time::Instant;

use banister_peers::breaches::{BreachService, Mood, digits};
use banister_peers::hanging_up;

use super::*;

const KNOWN: &str = "correct horse battery staple";

async fn service() -> (BreachService, Breaches) {
    let service = BreachService::start(&[(KNOWN, 216), ("пароль на завтра", 1), ("padding only", 0)]).await;
    let breaches = Breaches::new(&service.url()).expect("a URL");
    (service, breaches)
}

#[tokio::test]
async fn what_was_seen_is_known_and_nothing_else() {
    let (_service, breaches) = service().await;
    for (password, known) in [
        (KNOWN, true),
        ("пароль на завтра", true),
        ("Correct horse battery staple", false),
        ("correct horse battery staple ", false),
        ("padding only", false),
        ("never seen anywhere", false),
    ] {
        assert_eq!(breaches.know(password).await, Ok(known), "{password}");
    }
}

#[tokio::test]
async fn five_digits_leave_and_nothing_else() {
    let (service, breaches) = service().await;
    for password in [KNOWN, "never seen anywhere"] {
        breaches.know(password).await.expect("an answer");
    }
    let asked = service.asked();
    assert_eq!(asked.len(), 2);
    for (asked, password) in asked.iter().zip([KNOWN, "never seen anywhere"]) {
        assert_eq!(asked.prefix, digits(password)[..5]);
        let mut headers: Vec<_> = asked.headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
        headers.sort_unstable_by_key(|(name, _)| *name);
        let host = service.url().replace("http://", "");
        let sent: Vec<_> =
            headers.into_iter().map(|(name, value)| (name, value.to_str().expect("text"))).collect();
        assert_eq!(sent, [("add-padding", "true"), ("host", &host), ("user-agent", "banister")]);
    }
}

#[tokio::test]
async fn what_is_no_range_is_no_answer() {
    let (service, breaches) = service().await;
    let long = "0".repeat(35);
    let html: &str = "<html><body>Sign in to this network: https://portal.example.com</body></html>";
    let cut = Box::leak(format!("{long}:1\r\n{}", &digits(KNOWN)[5..20]).into_boxed_str());
    let unsigned = Box::leak(format!("{long}:many").into_boxed_str());
    let short = Box::leak(format!("{}:1", &digits(KNOWN)[5..39]).into_boxed_str());
    for (mood, error) in [
        (Mood::Status(503), BreachError::Status(503)),
        (Mood::Status(429), BreachError::Status(429)),
        (Mood::Status(301), BreachError::Status(301)),
        (Mood::Says(""), BreachError::NoRange),
        (Mood::Says(html), BreachError::NoRange),
        (Mood::Says(cut), BreachError::NoRange),
        (Mood::Says(unsigned), BreachError::NoRange),
        (Mood::Says(short), BreachError::NoRange),
        (Mood::Lines(10_000), BreachError::Broken),
    ] {
        service.be(mood);
        assert_eq!(breaches.know(KNOWN).await, Err(error), "{mood:?}");
    }
    service.be(Mood::Lines(5_000));
    assert_eq!(breaches.know(KNOWN).await, Ok(true), "a range that has grown");
}

#[tokio::test]
async fn nobody_waits_longer_than_a_second() {
    let (service, breaches) = service().await;
    service.be(Mood::Silent);
    let begun = Instant::now();
    assert_eq!(breaches.know(KNOWN).await, Err(BreachError::TimedOut));
    assert!((TIME_OUT..TIME_OUT * 5).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let gone = Breaches::new(&hanging_up().await).expect("a URL");
    assert_eq!(gone.know(KNOWN).await, Err(BreachError::Broken));
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let nobody = Breaches::new(&format!("http://{nobody}")).expect("a URL");
    assert_eq!(nobody.know(KNOWN).await, Err(BreachError::NotReached));
}

/// The first that is said is a TLS handshake, and a server that is none is told nothing else.
#[tokio::test]
async fn over_https_nothing_is_said_in_the_clear() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut heard = [0; 4_096];
        let length = stream.read(&mut heard).expect("a handshake");
        heard[..length].to_vec()
    });
    let breaches = Breaches::new(&format!("https://localhost:{port}")).expect("a URL");
    assert_eq!(breaches.know(KNOWN).await, Err(BreachError::Tls));
    let heard = heard.join().expect("the peer is well");
    // A handshake record, and in it a ClientHello (RFC 8446, 5.1 and 4).
    assert_eq!((heard[0], heard[1], heard[5]), (22, 3, 1));
    let has = |text: &[u8]| heard.windows(text.len()).any(|part| part == text);
    assert!(has(b"localhost") && !has(b"range") && !has(&digits(KNOWN).as_bytes()[..5]));
}

#[test]
fn only_a_url_that_nobody_listens_to_is_taken() {
    for good in [
        "https://api.pwnedpasswords.com",
        "https://ranges.example.com:8443/mirror/",
        "http://127.0.0.1:8009",
        "http://[::1]:8009",
        "http://localhost",
    ] {
        assert!(matches!(Breaches::named(good), Ok(Some(_))), "{good}");
    }
    assert!(matches!(Breaches::named("off"), Ok(None)));
    for bad in [
        "",
        "api.pwnedpasswords.com",
        "http://api.pwnedpasswords.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "https://user:secret@ranges.example.com",
        "https://ranges.example.com/?mode=ntlm",
        "https://ranges.example.com/#range",
        "https://",
        "https:///range",
        "OFF",
        "none",
    ] {
        assert!(matches!(Breaches::named(bad), Err(BreachError::InvalidUrl)), "{bad}");
    }
}
