"""The template with one thing taken away, each of which a check must notice."""

import json

from samtranslator.yaml_helper import yaml_parse

import expand
from stack import Failed

# The kinds of what can be taken away, and what is named for each.
KINDS = {
    "permission": "a function, a role or a policy, and an action",
    "event": "a function and one of its events",
    "route": "a function that the HTTP API leads to",
    "resource": "a resource of the expanded template",
}
# What is taken away, and the check that notices it; any check where the function runs by itself.
ANY = "any check"
MUTANTS = [
    ("permission", "RelayFunction", "sqs:SendMessage", "email"),
    ("permission", "EmailFunction", "dynamodb:PutItem", "email"),
    ("permission", "FunctionBoundary", "sqs:ReceiveMessage", "deployment"),
    ("permission", "CreateBookingFunction", "dynamodb:PutItem", "main_job"),
    ("permission", "CreateBookingFunction", "secretsmanager:GetSecretValue", "main_job"),
    ("permission", "SocketFunction", "execute-api:ManageConnections", "websocket"),
    ("permission", "MediaFunction", "s3:PutObject", "photo"),
    ("permission", "MediaFunction", "s3:ListBucket", "photo"),
    ("permission", "JobsFunction", "s3:DeleteObject", "erasing"),
    ("permission", "JobsFunction", "s3:PutObject", "export"),
    ("permission", "GetJobFunction", "s3:GetObject", "export"),
    ("event", "JobsFunction", "Messages", "administration"),
    ("permission", "ExpireFunction", "dynamodb:Query", ANY),
    ("permission", "ProjectionsFunction", "dynamodb:PutItem", ANY),
    ("resource", "SocketApiDefaultPermission", "", "websocket"),
    ("resource", "PublicBucketPolicy", "", "photo"),
    ("event", "RelayFunction", "Outbox", "email"),
    ("event", "ProjectionsFunction", "Changes", "audit"),
    ("event", "EmailFunction", "Messages", "email"),
    ("route", "ConfirmBookingFunction", "", "main_job"),
    ("permission", "GatewayBookingsPolicy", "lambda:InvokeFunction", "main_job"),
    ("permission", "GatewayRole", "sts:AssumeRole", "email"),
    ("event", "SocketFunction", "Messages", "websocket"),
    ("event", "MediaFunction", "Messages", "photo"),
    ("event", "ExpireFunction", "Minute", "schedule"),
    ("route", "GetJwksFunction", "", "keys"),
    ("resource", "TableNameParameter", "", "keys"),
]


def without_event(text, function, event):
    """The template `text` without one event of a function."""
    source = yaml_parse(text)
    try:
        del source["Resources"][function]["Properties"]["Events"][event]
    except KeyError:
        raise Failed(f"{function} has no event {event}") from None
    return json.dumps(source)


def without_route(text, function):
    """The template `text` without the route to a function."""
    source = yaml_parse(text)
    paths = source["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
    for methods in paths.values():
        for method, operation in methods.items():
            if f"${{{function}.Arn}}" in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]:
                del methods[method]
                return json.dumps(source)
    raise Failed(f"no route leads to {function}")


def without_resource(template, name):
    """Takes a resource out of an expanded template."""
    if not template["Resources"].pop(name, None):
        raise Failed(f"there is no {name}")
    for resource in template["Resources"].values():
        needed = resource.get("DependsOn", [])
        resource["DependsOn"] = [other for other in ([needed] if isinstance(needed, str) else needed) if other != name]


def without_permission(template, name, action):
    """Takes an action from the role of a function, or from a policy, of an expanded template."""
    resource = template["Resources"].get(f"{name}Role") or template["Resources"].get(name)
    if not resource:
        raise Failed(f"there is no {name}")
    properties = resource["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties[kind] for kind in ("PolicyDocument", "AssumeRolePolicyDocument") if kind in properties]
    if not any([take(document["Statement"], action) for document in documents]):
        raise Failed(f"{name} has no {action}")
    if "Policies" in properties:
        left = [policy for policy in properties["Policies"] if policy["PolicyDocument"]["Statement"]]
        properties["Policies"] = left


def take(statements, action):
    """Takes an action from the statements of a policy; whether it was there."""
    found = False
    for statement in list(statements):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if action in actions:
            found = True
            statement["Action"] = [other for other in actions if other != action]
            if not statement["Action"]:
                statements.remove(statement)
    return found


def expanded(endpoint, text, without=None):
    """The template as MiniStack at `endpoint` takes it, without what `without` names: its kind, whose it is, which."""
    kind, name, which = [*(without or ["nothing", ""]), ""][:3]
    if kind == "event":
        text = without_event(text, name, which)
    if kind == "route":
        text = without_route(text, name)
    template = expand.expand(endpoint, text)
    if kind == "permission":
        without_permission(template, name, which)
    if kind == "resource":
        without_resource(template, name)
    return template
