"""Starts MiniStack with its gaps closed, as far as the deployed check needs; everything else about it is as published.

Run by `stack.py`, with MiniStack's settings in the environment. Each function below names the gap it closes, in
ministack 1.5.33.
"""

import functools
import json
import logging
import socketserver
import sys

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway, eventbridge, lambda_svc, s3
from ministack.services.cloudformation import engine, provisioners, stacks

# How much faster schedules run than they say: a minute is five seconds.
HASTE = 12
# What Lambda itself does with a function's role, by the service of the event source
# (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>, `services-dynamodb-eventsourcemapping`).
SOURCE_RIGHTS = {
    "sqs": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "dynamodb": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
}


def say(line):
    """One line in the log, whole."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@functools.cache
def say_used(role, action, resource):
    """That a role made use of a right, once."""
    say(f"used: {role} {action} {resource}")


def answer_at_once():
    """Two needless waits of 40 and 50 ms for each invocation: Nagle's algorithm between the Runtime API and the
    function, and the wait for a log line that may not come."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    drain = lambda_runtime.Worker._drain_stderr_bounded

    @functools.wraps(drain)
    def drained(worker, first_line_wait=0.0, **waits):
        return drain(worker, first_line_wait=first_line_wait, **waits)

    lambda_runtime.Worker._drain_stderr_bounded = drained


class Echo:
    """What a function writes, also written to this process's output, with the function's name before it."""

    def __init__(self, stream, name):
        self._stream, self._name = stream, name
        self.close = stream.close

    def readline(self):
        line = self._stream.readline()
        if line:
            say(f"{self._name} {line.decode(errors='replace').rstrip()}")
        return line


def show_logs():
    """What a function writes shows with its next call only, and goes with the process. That it started shows too."""
    pump = lambda_runtime.ProvidedWorker._pump_output

    def pumped(worker, stream, lines):
        say(f"started: {worker.func_name}")
        pump(worker, Echo(stream, worker.func_name), lines)

    lambda_runtime.ProvidedWorker._pump_output = pumped


def hasten_schedules():
    """Nothing is wrong here: EventBridge's shortest rate is a minute, and the check should not take that long."""
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    seconds = eventbridge._parse_rate_seconds

    def hastened(expression):
        rate = seconds(expression)
        return rate and rate / HASTE

    eventbridge._parse_rate_seconds = hastened


def count_as_tls():
    """There is no TLS between the functions and the services, and policies refuse what comes without."""
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


def tell_decisions():
    """Who was refused what is told to the caller only, and some callers go on without it. What was allowed is told
    too, each once: rights that nobody uses are too many."""
    enforce = iam_evaluator.enforce

    def decided(key, action, service, region, resource_arn="*", service_context=None):
        refusal = enforce(key, action, service, region, resource_arn, service_context)
        caller = (iam_evaluator.resolve_caller_identity(key) or {}).get("userArn", key)
        if refusal is not None:
            say(f"refused: {caller} may not {action} on {resource_arn}")
        elif ":assumed-role/" in caller:
            say_used(caller.split("/")[1], action, resource_arn)
        return refusal

    iam_evaluator.enforce = decided


def keep_boundaries():
    """CloudFormation drops a role's permissions boundary; once it is there, IAM heeds it."""
    create = provisioners._iam_role_create

    def bounded(logical_id, props, stack_name):
        name, attributes = create(logical_id, props, stack_name)
        provisioners._iam._roles[name]["PermissionsBoundary"] = props.get("PermissionsBoundary")
        return name, attributes

    provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]["create"] = bounded


def role_may(role_arn, action, resource, conditions=None):
    """Whether a role's policies and its boundary allow an action; `conditions` are the keys that it comes with."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        service_context=conditions or {},
    )
    limits = iam_evaluator._permissions_boundary(provisioners._iam._roles, name, account)
    policies = iam_evaluator._gather_role_policies(name, account)
    return iam_evaluator.evaluate(context, policies, *limits).decision == "Allow"


def enforce_source_rights():
    """Event sources are read by nobody in particular. On AWS that is done with the function's role, and a mapping
    is refused at once where the role may not."""
    create = provisioners._lambda_esm_create

    def checked(logical_id, props, stack_name):
        source = props["EventSourceArn"]
        role = lambda_svc._functions[props["FunctionName"].rsplit(":", 1)[-1]]["config"]["Role"]
        missing = [right for right in SOURCE_RIGHTS[source.split(":")[2]] if not role_may(role, right, source)]
        if missing:
            say(f"refused: {role} may not {', '.join(missing)} on {source}")
            raise ValueError(f"the role of {props['FunctionName']} may not read {source}")
        return create(logical_id, props, stack_name)

    provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]["create"] = checked


def hide_missing_objects():
    """Whoever may not list a bucket is told that an object is missing. On AWS that looks like one they may not read
    (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>); for the right's condition the key is the
    prefix."""
    handle = s3.handle_request

    async def handled(method, path, *rest, **more):
        answer = await handle(method, path, *rest, **more)
        caller = iam_evaluator.caller_arn()
        if method not in {"GET", "HEAD"} or answer[0] != 404 or ":assumed-role/" not in caller:
            return answer
        account, role = caller.split(":")[4], caller.split("/")[1]
        bucket, _, key = path.lstrip("/").partition("/")
        right, place = "s3:ListBucket", f"arn:aws:s3:::{bucket}"
        if role_may(f"arn:aws:iam::{account}:role/{role}", right, place, {"s3:prefix": key}):
            say_used(role, right, place)
            return answer
        say(f"refused: {caller} may not {right} on {place}")
        return s3._error("AccessDenied", "Access Denied", 403, path)

    s3.handle_request = handled


def policy_lets(service, policy, action, resource, conditions):
    """Whether a resource's own policy lets an AWS service do something."""
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        service_context=conditions,
    )
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def service_may(service, source, function_arn):
    """Whether a function's own policy lets an AWS service invoke it on behalf of `source`."""
    policy, _ = lambda_svc.function_policy_for_arn(function_arn) or ({}, "")
    return policy_lets(service, policy, "lambda:InvokeFunction", function_arn, {"aws:sourcearn": source})


def gateway_may(role_arn, function_arn):
    """Whether API Gateway may take a role, which may invoke a function; says what it may not, and what was used."""
    account, name, right = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1], "lambda:InvokeFunction"
    role = provisioners._iam._roles.get_scoped(account, None, name) or {}
    trusted = role.get("AssumeRolePolicyDocument")
    if not policy_lets("apigateway.amazonaws.com", trusted, "sts:AssumeRole", role_arn, {}):
        say(f"refused: apigateway.amazonaws.com may not sts:AssumeRole on {role_arn}")
        return False
    if not role_may(role_arn, right, function_arn):
        say(f"refused: {role_arn} may not {right} on {function_arn}")
        return False
    say_used(name, right, function_arn)
    return True


def api_source(function_arn, api_id, stage, route_key):
    """What API Gateway names as the source of a call."""
    region, account = function_arn.split(":")[3:5]
    method, _, path = route_key.partition(" ")
    route = f"{method}{path}" if path else method
    return f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage}/{route}"


def keep_credentials():
    """CloudFormation drops the role of an integration (`CredentialsArn`)."""
    kept = provisioners._apigw_v2_integration_props

    def with_role(props):
        return kept(props) | {"credentialsArn": props.get("CredentialsArn", "")}

    provisioners._apigw_v2_integration_props = with_role


def enforce_invoke_rights():
    """API Gateway and EventBridge invoke any function. On AWS only those that the role of the integration may invoke,
    or, where it has none, that have a permission for it (`AWS::Lambda::Permission`): the gateway answers 500 else, and
    the schedule does not run."""
    http, socket, target = apigateway._invoke_lambda_proxy, apigateway._invoke_ws_lambda, eventbridge._invoke_target

    def allowed(integration, api_id, stage, route_key):
        function_arn = apigateway._extract_lambda_ref_from_integration_uri(integration["integrationUri"])
        if integration.get("credentialsArn"):
            return gateway_may(integration["credentialsArn"], function_arn)
        source = api_source(function_arn, api_id, stage, route_key)
        if service_may("apigateway.amazonaws.com", source, function_arn):
            return True
        say(f"refused: {source} may not invoke {function_arn}")
        return False

    async def http_checked(integration, api_id, stage, path, method, headers, body, query, route_key, *rest, **more):
        if not allowed(integration, api_id, stage, route_key):
            return 500, {"Content-Type": "application/json"}, json.dumps({"message": "Internal Server Error"}).encode()
        return await http(integration, api_id, stage, path, method, headers, body, query, route_key, *rest, **more)

    async def socket_checked(api_id, account, region, route, stage, *rest, **more):
        integration = apigateway._integrations[api_id][route["target"].rsplit("/", 1)[-1]]
        if not allowed(integration, api_id, stage, route["routeKey"]):
            return {"statusCode": 500}
        return await socket(api_id, account, region, route, stage, *rest, **more)

    def target_checked(wanted, event, rule, view=None):
        if ":lambda:" in wanted["Arn"] and not service_may("events.amazonaws.com", rule["Arn"], wanted["Arn"]):
            say(f"refused: {rule['Arn']} may not invoke {wanted['Arn']}")
            return None
        return target(wanted, event, rule, view)

    apigateway._invoke_lambda_proxy = http_checked
    apigateway._invoke_ws_lambda = socket_checked
    eventbridge._invoke_target = target_checked


def deploy_beside_requests():
    """A deployment makes one resource after the other without letting a request between, for seconds on a machine that
    is busy: what runs on a schedule meanwhile finds a table that does not answer. On AWS a deployment stops nobody."""
    stacks._runs_on_worker_thread = lambda _resource_type: True


def make_room_for_routes():
    """`expand.py` makes two resources of each route, which lie in the body of the API on AWS and count as nothing there.
    How many the template has itself is checked where it is linted (infra/template/check.py)."""
    engine._SECTION_QUOTAS = tuple(
        (section, noun, singular, 1000 if section == "Resources" else most)
        for section, noun, singular, most in engine._SECTION_QUOTAS
    )


if __name__ == "__main__":
    answer_at_once()
    make_room_for_routes()
    deploy_beside_requests()
    show_logs()
    hasten_schedules()
    count_as_tls()
    tell_decisions()
    keep_boundaries()
    enforce_source_rights()
    keep_credentials()
    enforce_invoke_rights()
    hide_missing_objects()
    logging.disable(logging.INFO)
    app.main()
