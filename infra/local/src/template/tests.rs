use super::*;

const SAMPLE: &str = include_str!("sample.yaml");

fn sample() -> Template {
    Template::parse(&[SAMPLE]).unwrap()
}

fn error(text: &str, change: (&str, &str)) -> String {
    let text = text.replace(change.0, change.1);
    let template = Template::parse(&[&text]).unwrap();
    let tried = template.table().map(drop).and_then(|()| template.queues().map(drop));
    tried.and_then(|()| template.event_sources().map(drop)).unwrap_err().to_string()
}

#[test]
fn the_table_is_read_with_its_indexes_ttl_and_stream() {
    let table = sample().table().unwrap();
    assert_eq!(table.logical_id, "Table");
    assert_eq!(table.attributes.len(), 8);
    assert_eq!(table.keys, Keys { partition: "PK".into(), sort: Some("SK".into()) });
    let names: Vec<_> = table.indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["GSI1", "GSI2", "GSI3"]);
    assert_eq!(table.indexes[2].keys, Keys { partition: "GSI3PK".into(), sort: Some("GSI3SK".into()) });
    assert!(table.indexes.iter().all(|index| index.projection == Projection::All));
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(table.stream_view.unwrap().as_str(), "NEW_AND_OLD_IMAGES");
}

#[test]
fn queues_are_read_with_parameters_and_defaults() {
    let queues = sample().queues().unwrap();
    let redrive = Redrive { dead_letter: "EmailDeadQueue".into(), max_receive_count: 5 };
    assert_eq!(queues.len(), 2);
    assert_eq!(queues[0].logical_id, "EmailQueue");
    assert_eq!(queues[0].visibility_timeout, Duration::from_secs(90));
    assert_eq!(queues[0].redrive, Some(redrive));
    assert_eq!(queues[1].visibility_timeout, Duration::from_secs(30));
    assert_eq!(queues[1].retention, Duration::from_hours(14 * 24));
    assert_eq!(queues[1].redrive, None);
}

#[test]
fn the_api_is_read_with_the_pages_that_may_call_it() {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = ApiCors {
        origins: Some(texts(&["https://example.com"])),
        methods: texts(&["GET", "POST"]),
        headers: texts(&["authorization"]),
        exposed: texts(&["x-request-id"]),
        max_age_seconds: Some(60),
    };
    assert_eq!(sample().api_cors().unwrap(), expected);
    let by_parameter = SAMPLE.replace("[https://example.com]", "!Ref Origins");
    assert_eq!(Template::parse(&[&by_parameter]).unwrap().api_cors().unwrap().origins, None);
    let none = SAMPLE.replace("AWS::Serverless::HttpApi", "AWS::Serverless::Api");
    assert!(Template::parse(&[&none]).unwrap().api_cors().is_err());
}

#[test]
fn the_socket_api_is_read_with_its_routes() {
    let api = sample().socket_api().unwrap();
    let route = |function: &str, answers| SocketRoute { function: function.into(), answers };
    assert_eq!((api.stage.as_str(), api.selector.as_str()), ("live", "action"));
    let expected =
        [("$connect", route("ConnectFunction", false)), ("$default", route("FrameFunction", true))];
    assert_eq!(api.routes, expected.map(|(key, route)| (key.to_owned(), route)).into());
    let expression = "$request.body.action";
    for (other, message) in [
        ("$request.body.a.b", "is not a member of the message's body"),
        ("$context.routeKey", "is not a member of the message's body"),
        ("$request.body.", "is not a member of the message's body"),
    ] {
        let template = Template::parse(&[&SAMPLE.replace(expression, other)]).unwrap();
        let error = template.socket_api().unwrap_err().to_string();
        assert_eq!(error, format!("Resources.SocketApi.Properties.RouteSelectionExpression {message}"));
    }
    assert!(Template::parse(&["Resources: {}"]).unwrap().socket_api().is_err());
}

#[test]
fn event_sources_are_read() {
    let sources = sample().event_sources().unwrap();
    let names: Vec<_> =
        sources.iter().map(|source| (source.function.as_str(), source.name.as_str())).collect();
    let expected = [
        ("EmailFunction", "Messages"),
        ("RelayFunction", "Changes"),
        ("ExpireFunction", "Minute"),
        ("ExpireFunction", "Nightly"),
    ];
    assert_eq!(names, expected);
    let Trigger::Queue { queue, batching } = &sources[0].trigger else { panic!("not a queue") };
    assert_eq!(queue, "EmailQueue");
    assert_eq!((batching.batch_size, batching.reports_failures), (5, true));
    assert_eq!(batching.maximum_concurrency, Some(4));
    let Trigger::Stream { table, batching, maximum_retries, bisects } = &sources[1].trigger else {
        panic!("not a stream")
    };
    assert_eq!((table.as_str(), *maximum_retries, *bisects), ("Table", Some(10), true));
    assert_eq!((batching.batch_size, batching.window), (100, Duration::from_secs(1)));
    assert!(!batching.reports_failures);
    assert!(batching.filters[0].0.contains("OUTBOX#"));
    let expression = "cron(0 3 * * ? *)".to_owned();
    let input = Some(r#"{"night": true}"#.to_owned());
    assert_eq!(sources[3].trigger, Trigger::Schedule { expression, input });
}

#[test]
fn a_fragment_and_outputs_of_a_stack_are_followed() {
    let main = "
Resources:
  Mail:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        In: {Type: SQS, Properties: {Queue: !GetAtt Data.Outputs.MailArn}}
";
    let outputs = "{Resources: {}, Outputs: {MailArn: {Value: !GetAtt MailQueue.Arn}}}";
    let fragment = "MailQueue: {Type: AWS::SQS::Queue}";
    let template = Template::parse(&[main, outputs, fragment]).unwrap();
    let Trigger::Queue { queue, .. } = &template.event_sources().unwrap()[0].trigger else {
        panic!("not a queue")
    };
    assert_eq!(queue, "MailQueue");
    assert_eq!(template.queues().unwrap()[0].logical_id, "MailQueue");
}

#[test]
fn the_buckets_are_read_as_they_are_deployed() {
    let template = Template::parse(&[include_str!("../../../../template.yaml")]).unwrap();
    let [private, public] = template.buckets().unwrap().try_into().unwrap();
    assert_eq!((private.logical_id.as_str(), public.logical_id.as_str()), ("PrivateBucket", "PublicBucket"));
    let told = Notification {
        event: "s3:ObjectCreated:*".into(),
        queue: "MediaQueue".into(),
        prefix: "uploads/photos/".into(),
        suffix: String::new(),
    };
    assert_eq!(private.notifications, [told]);
    let expirations = ["uploads/", "exports/"].map(|prefix| Expiration { prefix: prefix.into(), days: 1 });
    assert_eq!(private.expirations, expirations);
    let rule = CorsRule {
        origins: None,
        methods: vec!["PUT".into()],
        headers: vec!["content-type".into()],
        max_age_seconds: Some(3_600),
    };
    assert_eq!(private.cors, [rule]);
    let lister = Lister { function: "MediaFunction".into(), prefix: "uploads/photos/".into() };
    assert_eq!((private.listers, public.listers), (vec![lister], vec![]));
    assert_eq!((public.notifications, public.cors, public.expirations), (vec![], vec![], vec![]));
}

#[test]
fn what_cannot_be_followed_is_named() {
    let cases = [
        (("Type: AWS::DynamoDB::Table", "Type: X"), "expected one AWS::DynamoDB::Table, found 0"),
        (
            ("VisibilityTimeout: 90", "VisibilityTimeout: soon"),
            "EmailQueue.Properties.VisibilityTimeout is not a whole",
        ),
        (("{Type: Number, Default: 5}", "{Type: Number}"), "maxReceiveCount is not a literal or a parameter"),
        (("          KeySchema:", "          Keys:"), "GlobalSecondaryIndexes[0].KeySchema is missing"),
        (("!GetAtt EmailQueue.Arn", "!Sub x"), "Queue is not a reference to a resource"),
        (("Type: ScheduleV2", "Type: HttpApi"), "Nightly.Type is not SQS, DynamoDB, Schedule or ScheduleV2"),
    ];
    for (change, expected) in cases {
        let found = error(SAMPLE, change);
        assert!(found.contains(expected), "{found:?} does not contain {expected:?}");
    }
    assert!(matches!(Template::parse(&["a: [b"]), Err(TemplateError::Syntax(_))));
}
