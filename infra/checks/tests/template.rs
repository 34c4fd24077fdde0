//! template.yaml, env.example and samconfig.toml keep the rules, and each rule notices what breaks it.

#![allow(clippy::unwrap_used, reason = "a test may fail in its helpers too")]

#[path = "template/api.rs"]
mod api;

use banister_checks::template::Template;
use banister_checks::{Faults, files, rules};

fn text() -> String {
    files::read("template.yaml").unwrap()
}

fn template() -> Template {
    Template::parse(&text()).unwrap()
}

fn good(faults: &Faults) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Each change of the template must be noticed by the rule.
fn notices(rule: impl Fn(&Template) -> Faults, changes: &[(&str, &str)]) {
    let text = text();
    for (from, to) in changes {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from} is not in the template");
        let template = Template::parse(&broken).unwrap_or_else(|error| panic!("{to}: {error}"));
        assert!(!rule(&template).is_empty(), "nobody noticed {to:?} in place of {from:?}");
    }
}

#[test]
fn functions_are_complete() {
    good(&rules::functions_are_complete(&template()));
    notices(
        rules::functions_are_complete,
        &[
            ("Tracing: !Ref Tracing", "Tracing: PassThrough"),
            ("      Tracing: PassThrough\n", ""),
            ("    Timeout: 24\n", "    Timeout: 29\n"),
            ("      Timeout: 25\n", "      Timeout: 30\n"),
            ("    MemorySize: 256\n", ""),
            ("Architectures: [x86_64]", "Architectures: [arm64]"),
            ("    Runtime: provided.al2023\n", "    Runtime: provided.al2\n"),
            ("LogFormat: JSON", "LogFormat: Text"),
            ("    PermissionsBoundary: !Ref FunctionBoundary\n", ""),
            ("    Metadata: {SkipBuild: true}\n", ""),
            ("CodeUri: target/lambda/bookings/", "CodeUri: functions/http/bookings/"),
            ("  CreateBookingFunction:", "  CreateBooking:"),
            ("      MemorySize: 512\n", "      MemorySize: 512\n      ReservedConcurrentExecutions: 1\n"),
            ("functions/${GetMeFunction.Arn}", "functions/${UpdateMeFunction.Arn}"),
        ],
    );
}

#[test]
fn log_groups_are_kept() {
    good(&rules::log_groups_are_kept(&template()));
    notices(
        rules::log_groups_are_kept,
        &[
            (", RetentionInDays: !Ref LogRetentionDays", ""),
            ("LogGroup: !Ref BookingsLogGroup", "LogGroup: !Ref CatalogLogGroup"),
            (
                "  SweepLogGroup:\n    Type: AWS::Logs::LogGroup",
                "  SweepLogGroup:\n    Type: AWS::SNS::Topic",
            ),
            ("  SweepLogGroup:\n", "  OtherLogGroup:\n"),
        ],
    );
}

#[test]
fn rights_are_narrow() {
    good(&rules::rights_are_narrow(&template()));
    let own =
        "- {Effect: Allow, Action: [dynamodb:BatchGetItem, dynamodb:GetItem], Resource: !GetAtt Table.Arn}";
    notices(
        rules::rights_are_narrow,
        &[
            (own, "- {Effect: Allow, Action: [dynamodb:*], Resource: !GetAtt Table.Arn}"),
            (own, "- {Effect: Allow, Action: '*', Resource: !GetAtt Table.Arn}"),
            (own, "- {Effect: Allow, Action: [dynamodb:GetItem], Resource: '*'}"),
            (own, "- {Effect: Allow, Action: [dynamodb:GetItem], Resource: !Sub '${Table.Arn}/index/*'}"),
            (own, "- {Effect: Allow, Action: [dynamodb:GetItem]}"),
            (own, "- {Effect: Allow, Action: [dynamodb:Scan], Resource: !GetAtt Table.Arn}"),
            (own, "- {Effect: Allow, NotAction: [dynamodb:Scan], Resource: !GetAtt Table.Arn}"),
            (own, "- {Effect: Deny, Action: [dynamodb:GetItem], Resource: !GetAtt Table.Arn}"),
            (
                "      Policies:\n        - Statement:",
                "      Policies:\n        - AmazonDynamoDBFullAccess\n        - Statement:",
            ),
            ("      Policies:\n", "      Other:\n"),
            ("  FunctionBoundary:\n", "  OtherBoundary:\n"),
            (
                "              - dynamodb:Query\n",
                "              - dynamodb:Query\n              - dynamodb:Scan\n",
            ),
            ("Action: [logs:CreateLogStream, ", "Action: [logs:*, "),
            (
                "Action: [s3:PutObject], Resource: !Sub \"${PrivateBucket.Arn}/uploads/photos/*\"",
                "Action: [s3:PutObject], Resource: !Sub \"${PrivateBucket.Arn}/*\"",
            ),
            ("${SocketApi}/live/*/@connections/*", "${SocketApi}/*"),
            (
                "Resource: !Sub \"${PublicBucket.Arn}/photos/*\"\n          # The API",
                "Resource: !Sub \"${PublicBucket.Arn}/videos/*\"\n          # The API",
            ),
            ("xray:PutTelemetryRecords, ", "xray:PutTelemetryRecords, dynamodb:GetItem, "),
        ],
    );
}

#[test]
fn queues_are_complete() {
    good(&rules::queues_are_complete(&template()));
    notices(
        rules::queues_are_complete,
        &[
            ("SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false"),
            ("      RedrivePolicy:", "      Other:"),
            ("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 86400"),
            (
                "!GetAtt EmailDeadLetterQueue.Arn, maxReceiveCount",
                "!GetAtt RelayDeadLetterQueue.Arn, maxReceiveCount",
            ),
            ("maxReceiveCount: 10", "maxReceiveCount: 1"),
            (
                "Destination: !GetAtt RelayDeadLetterQueue.Arn",
                "Destination: !GetAtt EmailDeadLetterQueue.Arn",
            ),
            ("  RelayDeadLetterQueue:\n", "  RelayQueue:\n"),
        ],
    );
}

#[test]
fn failures_are_kept() {
    good(&rules::failures_are_kept(&template()));
    let last = "FunctionResponseTypes: [ReportBatchItemFailures]\n            FilterCriteria";
    notices(
        rules::failures_are_kept,
        &[
            ("            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
            (last, "FilterCriteria"),
            ("VisibilityTimeout: 180", "VisibilityTimeout: 120"),
            ("            ScalingConfig: {MaximumConcurrency: 5}\n", ""),
            ("            DestinationConfig:\n", "            Other:\n"),
            ("            MaximumRetryAttempts: 5\n", ""),
            ("            BisectBatchOnFunctionError: true\n", ""),
            ("            FilterCriteria:\n", "            Other:\n"),
            ("            DeadLetterConfig: {Arn: !GetAtt ScheduleDeadLetterQueue.Arn}\n", ""),
            ("      EventInvokeConfig:\n", "      Other:\n"),
            ("rule/${AWS::StackName}-sweep", "rule/${AWS::StackName}-other"),
        ],
    );
}

#[test]
fn everything_is_watched() {
    good(&rules::everything_is_watched(&template()));
    notices(
        rules::everything_is_watched,
        &[
            ("MetricName: 5xx", "MetricName: 4xx"),
            (
                "Value: !GetAtt RelayDeadLetterQueue.QueueName",
                "Value: !GetAtt EmailDeadLetterQueue.QueueName",
            ),
            ("Dimensions: [{Name: FunctionName, Value: !Ref CancelBookingFunction}]", "Dimensions: []"),
            ("MetricName: Throttles", "MetricName: Errors"),
            ("MetricName: Duration", "MetricName: Errors"),
            ("MetricName: IteratorAge", "MetricName: Duration"),
            ("MetricName: IntegrationLatency", "MetricName: Latency"),
            ("MetricName: IntegrationError", "MetricName: ClientError"),
            ("MetricName: SystemErrors", "MetricName: UserErrors"),
            ("      Threshold: 20000\n", "      Threshold: 24000\n"),
            ("      Threshold: 19200\n", "      Threshold: 23000\n"),
            ("Value: !GetAtt MediaQueue.QueueName", "Value: !GetAtt EmailQueue.QueueName"),
            (
                "Value: !GetAtt MediaDeadLetterQueue.QueueName",
                "Value: !GetAtt EmailDeadLetterQueue.QueueName",
            ),
            (", ApplicationLogLevel: DEBUG", ""),
            ("AlarmActions: [!Ref AlarmTopic]", "AlarmActions: []"),
            ("TreatMissingData: notBreaching", "TreatMissingData: breaching"),
            (
                "Dimensions: [{Name: ApiId, Value: !Ref Api}]",
                "Dimensions: [{Name: ApiId, Value: !Ref Api}, {Name: Route, Value: GET /v1/me}]",
            ),
        ],
    );
}

#[test]
fn dashboard_fits() {
    good(&rules::dashboard_fits(&template()));
    notices(
        rules::dashboard_fits,
        &[
            ("${MediaQueue.QueueName}", "${PhotoQueue.QueueName}"),
            ("${EmailDeadLetterQueue.QueueName}", "${EmailQueue.QueueName}"),
            ("\"QueueName\", \"${RelayDeadLetterQueue.QueueName}\"", "\"QueueName\""),
            ("{\"widgets\": [", "{\"widgets\": "),
            ("\"width\": 8, ", ""),
            ("\"region\": \"${AWS::Region}\", ", ""),
            ("    Type: AWS::CloudWatch::Dashboard", "    Type: AWS::SNS::Topic"),
            ("\"5xx\", \"ApiId\", \"${Api}\"", "\"5xx\", \"ApiId\", \"${Api}\", \"Route\", \"GET /v1/me\""),
        ],
    );
}

#[test]
fn buckets_are_closed() {
    good(&rules::buckets_are_closed(&template()));
    notices(
        rules::buckets_are_closed,
        &[
            ("BlockPublicPolicy: true", "BlockPublicPolicy: false"),
            ("ObjectOwnership: BucketOwnerEnforced", "ObjectOwnership: ObjectWriter"),
            ("      BucketEncryption:\n", "      Other:\n"),
            ("    DependsOn: MediaQueuePolicy\n    DeletionPolicy: Retain\n", ""),
            ("{aws:SecureTransport: \"false\"}", "{aws:SecureTransport: \"true\"}"),
            ("Principal: {Service: cloudfront.amazonaws.com}", "Principal: \"*\""),
            ("distribution/${PublicDistribution}", "distribution/*"),
            (
                "Resource: !Sub \"${PublicBucket.Arn}/*\"\n            Condition:\n              StringEquals",
                "Resource: !Sub \"${PublicBucket.Arn}/*\"\n            Condition:\n              StringLike",
            ),
            ("Prefix: uploads/, ExpirationInDays: 1", "Prefix: uploads/, ExpirationInDays: 100"),
            (
                "AllowedOrigins: !Ref CorsOrigins, AllowedMethods: [PUT]",
                "AllowedOrigins: [\"*\"], AllowedMethods: [PUT]",
            ),
            ("Value: uploads/photos/", "Value: photos/"),
            (
                "Queue: !GetAtt MediaQueue.Arn\n            Filter",
                "Queue: !GetAtt EmailQueue.Arn\n            Filter",
            ),
            ("OriginAccessControlId: !GetAtt PublicAccess.Id", "OriginAccessControlId: \"\""),
            ("SigningBehavior: always", "SigningBehavior: never"),
            ("redirect-to-https", "allow-all"),
            ("AllowedMethods: [GET, HEAD]", "AllowedMethods: [GET, HEAD, OPTIONS]"),
        ],
    );
}

#[test]
fn table_is_safe() {
    good(&rules::table_is_safe(&template()));
    notices(
        rules::table_is_safe,
        &[
            ("DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"),
            ("    DeletionPolicy: Retain\n", ""),
            ("    UpdateReplacePolicy: Retain\n", ""),
            ("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
            ("SSEEnabled: true", "SSEEnabled: false"),
            ("!If [HasTableKey, {SSEEnabled", "!If [HasAlarmEmail, {SSEEnabled"),
            ("}, !Ref AWS::NoValue]", "}, {SSEEnabled: true}]"),
            ("StreamViewType: NEW_AND_OLD_IMAGES", "StreamViewType: KEYS_ONLY"),
            ("AttributeName: ttl", "AttributeName: expires"),
            ("BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED"),
            ("- {AttributeName: GSI2SK, KeyType: RANGE}", "- {AttributeName: SK, KeyType: RANGE}"),
            ("Projection: {ProjectionType: ALL}", "Projection: {ProjectionType: KEYS_ONLY}"),
        ],
    );
}

#[test]
fn variables_are_listed() {
    let example = files::read("env.example").unwrap();
    good(&rules::variables_are_listed(&template(), &example));
    notices(
        |template| rules::variables_are_listed(template, &example),
        &[
            ("          MAIL_FROM: !Ref MailFrom\n", ""),
            (
                "          MAIL_FROM: !Ref MailFrom\n",
                "          MAIL_FROM: !Ref MailFrom\n          NEW: 1\n",
            ),
            ("CURSOR_KEY_SECRET: !GetAtt CursorKey.Id", "CURSOR_KEY: a secret for all to see"),
            ("ACCESS_PUBLIC_KEYS: !Ref AccessPublicKeys", "ACCESS_PUBLIC_KEYS: \"{}\""),
            ("Type: AWS::SSM::Parameter::Value<String>", "Type: String"),
        ],
    );
    for (from, to) in
        [("\nMAIL_FROM=", "\nSENDER="), ("# The DynamoDB table.\n", "\n"), ("Parameter Store", "The")]
    {
        let changed = example.replacen(from, to, 1);
        assert_ne!(changed, example);
        assert!(!rules::variables_are_listed(&template(), &changed).is_empty(), "nobody noticed {to:?}");
    }
}

#[test]
fn secrets_are_read() {
    good(&rules::secrets_are_read(&template()));
    let read = "Action: [secretsmanager:GetSecretValue], Resource: !GetAtt CodeKey.Id}";
    notices(
        rules::secrets_are_read,
        &[
            (read, "Action: [secretsmanager:GetSecretValue], Resource: !GetAtt CursorKey.Id}"),
            (read, "Action: [secretsmanager:DescribeSecret], Resource: !GetAtt CodeKey.Id}"),
            ("CURSOR_KEY_SECRET: !GetAtt CursorKey.Id", "CURSOR_KEY: !GetAtt CursorKey.Id"),
            ("APP_URL: !Ref AppUrl", "APP_URL: \"{{resolve:ssm:/banister/app-url}}\""),
            ("banister/${Stage}/smtp-url\"\n", "banister/${Stage}/smtp\"\n"),
        ],
    );
}

#[test]
fn sources_are_listed() {
    let (sources, example) = (files::sources().unwrap(), files::read("env.example").unwrap());
    assert!(sources.contains("required(\"TABLE_NAME\")"));
    good(&rules::sources_are_listed(&sources, &example));
    let changed = example.replace("CURSOR_KEY", "CURSOR");
    assert_eq!(rules::sources_are_listed(&sources, &changed), ["CURSOR_KEY must be in env.example"]);
}

#[test]
fn outputs_are_no_parameters() {
    good(&rules::outputs_are_no_parameters(&template()));
    notices(
        rules::outputs_are_no_parameters,
        &[("  AllowedOrigins:\n", "  CorsOrigins:\n"), ("  TableName:\n", "  AlarmEmail:\n")],
    );
}

#[test]
fn deployments_fit() {
    let samconfig = files::read("samconfig.toml").unwrap();
    good(&rules::deployments_fit(&template(), &samconfig));
    notices(
        |template| rules::deployments_fit(template, &samconfig),
        &[
            ("  MailFrom:\n", "  Sender:\n"),
            ("    Default: \"\"\n", ""),
            ("[dev, staging, prod]", "[dev, test]"),
        ],
    );
    let mixed_up = samconfig.replacen("\"Stage=prod\"", "\"Stage=dev\"", 1);
    assert_eq!(rules::deployments_fit(&template(), &mixed_up), ["prod must be deployed as prod"]);
}
