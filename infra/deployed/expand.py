"""Makes of template.yaml the plain CloudFormation that MiniStack deploys.

`template.yaml` stays what AWS wants: what MiniStack lacks is made up for in the copy. Each function below that does so
names what is lacking, in ministack 1.5.33.
"""

import importlib.util
import json
import logging
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where `infra/template/check.py` says that the code of the functions is.
CODE_BUCKET = "bucket"
# Where a deployed API is.
API_ADDRESS = re.compile(
    r"(?P<scheme>https|wss)://(?P<api>\$\{\w+\})\.execute-api\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}"
)


def load_template_check():
    """`infra/template/check.py`, for its expansion and its parameters."""
    spec = importlib.util.spec_from_file_location("template_check", ROOT / "infra/template/check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TEMPLATE_CHECK = load_template_check()


# The transform counts what it does, and complains that nobody asks for the counts.
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)


def of_type(template, kind):
    """Name and properties of the resources of a type."""
    return [
        (name, resource["Properties"]) for name, resource in template["Resources"].items() if resource["Type"] == kind
    ]


def spell_out_routes(template):
    """The OpenAPI document of an HTTP API makes no routes: each becomes two resources of its own."""
    for api, properties in of_type(template, "AWS::ApiGatewayV2::Api"):
        body = properties.pop("Body", None)
        if not body:
            continue
        properties |= {"Name": api, "ProtocolType": "HTTP"}
        cors = body.get("x-amazon-apigateway-cors", {})
        properties["CorsConfiguration"] = {name[0].upper() + name[1:]: value for name, value in cors.items()}
        for path, methods in body["paths"].items():
            for method, operation in methods.items():
                route = "$default" if operation.get("isDefaultRoute") else f"{method.upper()} {path}"
                add_route(template["Resources"], api, route, operation["x-amazon-apigateway-integration"])


def add_route(resources, api, route, integration):
    """Adds a route and the integration it leads to."""
    name = f"{api}Route{sum(resource['Type'] == 'AWS::ApiGatewayV2::Route' for resource in resources.values())}"
    resources[f"{name}Integration"] = {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": api},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration["payloadFormatVersion"],
        },
    }
    if "credentials" in integration:
        resources[f"{name}Integration"]["Properties"]["CredentialsArn"] = integration["credentials"]
    target = {"Fn::Sub": f"integrations/${{{name}Integration}}"}
    resources[name] = {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {"ApiId": {"Ref": api}, "RouteKey": route, "Target": target},
    }


def drop_metric_math(template):
    """Alarms over an expression are refused; no check looks at them."""
    for name, properties in of_type(template, "AWS::CloudWatch::Alarm"):
        if "Metrics" in properties:
            del template["Resources"][name]


def drop_route_responses(template):
    """There are none: a WebSocket function's answer is sent back with or without."""
    for name, _ in of_type(template, "AWS::ApiGatewayV2::RouteResponse"):
        del template["Resources"][name]


def point_functions(template, endpoint):
    """AWS is reached by name. Here each SDK is told by a variable where its service is, and an address of API Gateway
    in another variable becomes MiniStack's address of it."""
    for _, properties in of_type(template, "AWS::Lambda::Function"):
        variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
        for service in ("DYNAMODB", "SQS", "S3", "SECRETS_MANAGER"):
            variables[f"AWS_ENDPOINT_URL_{service}"] = endpoint
        for name, value in variables.items():
            if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
                variables[name] = {"Fn::Sub": API_ADDRESS.sub(here(endpoint), value["Fn::Sub"])}


def here(endpoint):
    """What stands for an address of API Gateway at MiniStack."""
    secure = {"https": endpoint, "wss": endpoint.replace("http:", "ws:", 1)}
    return lambda found: f"{secure[found['scheme']]}/_aws/execute-api/{found['api']}"


def code_folders(template):
    """The folders below `target/lambda` that the functions are made of."""
    return sorted({properties["Code"]["S3Key"] for _, properties in of_type(template, "AWS::Lambda::Function")})


def expand(endpoint, text):
    """The template whose YAML is `text`, as MiniStack at `endpoint` takes it."""
    template = TEMPLATE_CHECK.expand(text)
    spell_out_routes(template)
    drop_metric_math(template)
    drop_route_responses(template)
    point_functions(template, endpoint)
    return template


def as_text(template):
    """What is handed to CloudFormation."""
    return json.dumps(template)
