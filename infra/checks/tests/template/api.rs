//! Routes, who may invoke what they lead to, and how often.

use super::*;

#[test]
fn routes_are_guarded() {
    good(&rules::routes_are_guarded(&template()));
    notices(
        rules::routes_are_guarded,
        &[
            ("      StageName: $default\n", ""),
            ("DestinationArn: !GetAtt ApiLogGroup.Arn", "DestinationArn: !GetAtt EmailLogGroup.Arn"),
            (r#"{"request_id""#, r#""request_id""#),
            ("          /v1/categories:\n", "          /v1/categories/:\n"),
            ("{isDefaultRoute: true, ", "{"),
            ("functions/${GetMeFunction.Arn}", "functions/${GetYouFunction.Arn}"),
            ("functions/${GetMeFunction.Arn}/invocations", "functions/${GetMeFunction.Arn}"),
            ("{type: aws_proxy, ", "{type: http_proxy, "),
            ("httpMethod: POST, ", "httpMethod: GET, "),
            ("payloadFormatVersion: \"2.0\", ", ""),
            (", credentials: !GetAtt GatewayRole.Arn", ""),
            ("credentials: !GetAtt GatewayRole.Arn", "credentials: !GetAtt GetMeFunctionRole.Arn"),
            ("parameters: [{name: id,", "parameters: [{name: it,"),
            (
                "CodeUri: target/lambda/catalog/\n",
                "CodeUri: target/lambda/catalog/\n      Events: {Http: {Type: HttpApi, Properties: {ApiId: !Ref Api}}}\n",
            ),
        ],
    );
    let twice = text().replacen("          /v1/categories:\n", "          /v1/services:\n", 1);
    assert!(Template::parse(&twice).is_err());
}

#[test]
fn the_gateway_may_invoke() {
    good(&rules::gateway_may_invoke(&template()));
    let named = "              - !GetAtt GetMeFunction.Arn\n";
    let many = named.repeat(30);
    notices(
        rules::gateway_may_invoke,
        &[
            (named, ""),
            (named, "              - !GetAtt EmailFunction.Arn\n"),
            (named, "              - !Ref GetMeFunction\n"),
            (named, "              - \"*\"\n"),
            (named, &many),
            ("functions/${GetMeFunction.Arn}", "functions/${UpdateMeFunction.Arn}"),
            ("[lambda:InvokeFunction]", "[lambda:InvokeFunction, lambda:GetFunction]"),
            ("{Service: apigateway.amazonaws.com}", "{Service: lambda.amazonaws.com}"),
            ("{Service: apigateway.amazonaws.com}", "\"*\""),
            ("[sts:AssumeRole]", "[]"),
            ("[!Ref GatewayAccountsPolicy, ", "["),
            (
                "      ManagedPolicyArns: [",
                "      Policies: [{PolicyName: more}]\n      ManagedPolicyArns: [",
            ),
            ("  GatewayStaffPolicy:\n", "  StaffPolicy:\n"),
        ],
    );
}

#[test]
fn routes_are_throttled() {
    let operations = files::read("docs/operations.md").unwrap();
    good(&rules::routes_are_throttled(&template(), &operations));
    notices(
        |template| rules::routes_are_throttled(template, &operations),
        &[
            ("DefaultRouteSettings: {ThrottlingRateLimit: 50,", "DefaultRouteSettings: {"),
            ("100, DetailedMetricsEnabled: !Ref DetailedMetrics", "100, DetailedMetricsEnabled: true"),
            ("POST /v1/sessions: {ThrottlingRateLimit: 20", "POST /v1/sessions: {ThrottlingRateLimit: 200"),
            ("GET /v1/services: {ThrottlingRateLimit: 200", "GET /v1/services: {ThrottlingRateLimit: 50"),
            ("        POST /v1/accounts: {", "        POST /v1/account: {"),
            ("        GET /v1/me: {", "        GET /v1/you: {"),
            ("20, DetailedMetricsEnabled: !Ref DetailedMetrics", "20, DetailedMetricsEnabled: true"),
            ("    Default: \"false\"\n", "    Default: \"true\"\n"),
        ],
    );
    let changed = operations.replacen("| signing in | 20 | 40 |", "| signing in | 20 | 80 |", 1);
    assert_ne!(changed, operations);
    let faults = rules::routes_are_throttled(&template(), &changed);
    assert_eq!(faults, ["docs/operations.md must say 20 and 40 for signing in"]);
}

#[test]
fn sockets_are_routed() {
    good(&rules::sockets_are_routed(&template()));
    notices(
        rules::sockets_are_routed,
        &[
            ("        $disconnect: {FunctionArn: !GetAtt DisconnectFunction.Arn}\n", ""),
            ("!GetAtt DisconnectFunction.Arn", "!GetAtt ConnectFunction.Arn"),
            (", RouteResponseSelectionExpression: $default", ""),
            ("RouteResponseKey: $default", "RouteResponseKey: other"),
            ("      StageName: live\n", "      StageName: prod\n"),
            ("$request.body.action", "$request.body.type"),
            ("DefaultRouteSettings: {ThrottlingRateLimit: 500, ", "DefaultRouteSettings: {"),
            ("1000, DetailedMetricsEnabled: !Ref DetailedMetrics", "1000, DetailedMetricsEnabled: true"),
        ],
    );
}
