use super::*;

const ROLE: &str = "local-http";

fn decide(faults: &Faults, role: &str) -> Verdict {
    faults.decide(Service::DynamoDb, role, "PutItem")
}

fn plan(seed: u64) -> Plan {
    Plan {
        seed,
        rates: Rates { conflict: 100, throttle: 200, lost_after: 50, ..Rates::default() },
        ..Plan::default()
    }
}

fn draw(faults: &Faults, role: &str) -> Vec<Verdict> {
    (0..1000).map(|_| decide(faults, role)).collect()
}

#[test]
fn nothing_happens_until_told() {
    let faults = Faults::new();
    assert!(draw(&faults, ROLE).iter().all(|verdict| *verdict == Verdict::Pass));
    assert_eq!(faults.stale_index(ROLE), None);
    assert_eq!(faults.calls(ROLE), 1000);
    assert_eq!(faults.calls("other"), 0);
}

#[test]
fn a_seed_gives_the_same_faults_whatever_others_do() {
    let (one, two, three) = (Faults::new(), Faults::new(), Faults::new());
    one.set(plan(7));
    two.set(plan(7));
    three.set(plan(8));
    draw(&two, "somebody else");
    let first = draw(&one, ROLE);
    assert_eq!(first, draw(&two, ROLE));
    assert_ne!(first, draw(&three, ROLE));
}

#[test]
fn rates_are_kept_within_a_few_per_mille() {
    let faults = Faults::new();
    faults.set(plan(1));
    let drawn: Vec<_> = (0..10).flat_map(|_| draw(&faults, ROLE)).collect();
    let count = |wanted| drawn.iter().filter(|verdict| **verdict == wanted).count();
    assert!((900..1100).contains(&count(Verdict::Refuse(FaultKind::Conflict))));
    assert!((1850..2150).contains(&count(Verdict::Refuse(FaultKind::Throttle))));
    assert!((430..570).contains(&count(Verdict::LoseAnswer)));
    assert!((6300..6700).contains(&count(Verdict::Pass)));
}

#[test]
fn only_the_named_roles_operations_and_services_are_hit() {
    let faults = Faults::new();
    let rates = Rates { conflict: 500, duplicate: 500, ..Rates::default() };
    faults.set(Plan { roles: [ROLE.to_owned()].into(), rates, ..Plan::default() });
    let all = |service, role: &str, operation: &str| -> std::collections::HashSet<_> {
        (0..100).map(|_| faults.decide(service, role, operation)).collect()
    };
    let conflict = Verdict::Refuse(FaultKind::Conflict);
    assert_eq!(all(Service::DynamoDb, ROLE, "TransactWriteItems"), [conflict, Verdict::Pass].into());
    assert_eq!(all(Service::DynamoDb, ROLE, "Query"), [Verdict::Pass].into());
    assert_eq!(all(Service::DynamoDb, "other", "PutItem"), [Verdict::Pass].into());
    assert_eq!(all(Service::Sqs, ROLE, "SendMessage"), [Verdict::Duplicate, Verdict::Pass].into());
    assert_eq!(all(Service::Sqs, ROLE, "DeleteMessage"), [Verdict::Pass].into());
    faults.off();
    assert_eq!(all(Service::DynamoDb, ROLE, "PutItem"), [Verdict::Pass].into());
}

#[test]
fn a_crash_takes_the_nth_call_and_all_later_ones_until_revived() {
    let faults = Faults::new();
    decide(&faults, ROLE);
    faults.crash_after(ROLE, 2);
    assert_eq!(decide(&faults, ROLE), Verdict::Pass);
    assert!(!faults.crashed(ROLE));
    assert_eq!(decide(&faults, ROLE), Verdict::CrashAfter);
    assert!(faults.crashed(ROLE));
    assert_eq!(decide(&faults, ROLE), Verdict::Crashed);
    assert_eq!(decide(&faults, "other"), Verdict::Pass);
    faults.revive(ROLE);
    assert_eq!(decide(&faults, ROLE), Verdict::Pass);
    faults.crash_before(ROLE, 1);
    assert_eq!(decide(&faults, ROLE), Verdict::Crashed);
}

#[test]
fn a_script_waits_for_its_operation() {
    let faults = Faults::new();
    faults.script(ROLE, "Query", Verdict::LoseAnswer);
    assert_eq!(decide(&faults, ROLE), Verdict::Pass);
    assert_eq!(faults.decide(Service::DynamoDb, ROLE, "Query"), Verdict::LoseAnswer);
    assert_eq!(faults.decide(Service::DynamoDb, ROLE, "Query"), Verdict::Pass);
}

#[test]
fn stale_reads_lag_from_one_to_the_depth() {
    let faults = Faults::new();
    faults.set(Plan {
        rates: Rates { stale_index: 1000, stale_depth: 3, ..Rates::default() },
        ..Plan::default()
    });
    let lags: std::collections::BTreeSet<_> = (0..100)
        .map(|_| {
            faults.decide(Service::DynamoDb, ROLE, "Query");
            faults.stale_index(ROLE)
        })
        .collect();
    assert_eq!(lags, [Some(1), Some(2), Some(3)].into());
}

#[test]
fn the_role_is_the_access_key_id() {
    let header =
        "AWS4-HMAC-SHA256 Credential=local-http/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host";
    assert_eq!(role_of(Some(header)), "local-http");
    assert_eq!(role_of(Some("Bearer x")), "");
    assert_eq!(role_of(None), "");
}

#[test]
fn a_plan_reads_from_json_with_defaults() {
    let read: Plan = serde_json::from_str(r#"{"seed": 4, "rates": {"throttle": 10}}"#).unwrap();
    assert_eq!(read, Plan { seed: 4, rates: Rates { throttle: 10, ..Rates::default() }, ..Plan::default() });
}
