"""One MiniStack in a process of its own, and the stack deployed to it."""

import base64
import io
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import boto3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import expand

NAME = "banister"
REGION = "eu-central-1"
# Seconds to wait for the start, and for the deployment.
START, DEPLOYMENT = 30, 120


class Failed(Exception):
    """Something is not as it must be; says what."""


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stack:
    """A running MiniStack; `deploy` puts the template into it. To be used with `with`."""

    def __init__(self, folder):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log = Path(folder) / "ministack.log"
        # Physical ids, and types, by logical ids.
        self.resources = {}
        self.types = {}
        self._secret = secrets.token_hex(20)
        # The parameters of the stack.
        self._given = {}

    def __enter__(self):
        # Nothing of this process's environment: a function must not find there what the template forgot.
        environment = {
            "PATH": os.environ["PATH"],
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            "TMPDIR": str(self.log.parent),
        }
        command = [sys.executable, str(Path(__file__).parent / "launcher.py")]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            self._await_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _await_start(self):
        deadline = time.monotonic() + START
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=1):
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        raise Failed(f"MiniStack did not start:\n{self.log_tail()}")

    def __exit__(self, *_):
        # Its own process group: MiniStack and the functions it started.
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(seconds)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue

    def refusals(self):
        """Whom MiniStack did not let do what, so far, each once."""
        return list(dict.fromkeys(line for line in self.lines() if line.startswith("refused: ")))

    def nothing_refused(self):
        """Fails where MiniStack did not let somebody do something."""
        refusals = self.refusals()
        if refusals:
            raise Failed("\n".join(refusals))

    def started(self):
        """The functions that ran, by their names on MiniStack."""
        return {line.split()[1] for line in self.lines() if line.startswith("started: ")}

    def used(self):
        """The rights that were used: role, action, resource."""
        return [line.split()[1:] for line in self.lines() if line.startswith("used: ")]

    def complaints(self):
        """What the functions themselves logged as a warning or an error, so far, and which function it was."""
        logged = [line.split(" ", 1) for line in self.lines() if line.startswith(f"{NAME}-")]
        # What is no JSON was not logged on purpose: a panic, say.
        entries = [
            {"function": function} | (json.loads(line) if line.startswith("{") else {"message": line})
            for function, line in logged
        ]
        return [entry for entry in entries if entry.get("level") not in {"INFO", "DEBUG"}]

    def lines(self):
        """What MiniStack and the functions logged, without a last line that is not whole yet."""
        return self.log.read_text(errors="replace").split("\n")[:-1]

    def log_tail(self, lines=20):
        """The last that MiniStack logged, and that the functions complained of."""
        # What begins with a brace or a bracket MiniStack repeats of what the functions said.
        routine = re.compile(rf'started: |used: |[{{)]|{NAME}-.*"level":"(INFO|DEBUG)"')
        told = [line[:500] for line in self.lines() if line and not routine.match(line)]
        return "\n".join(told[-lines:])

    def credentials(self):
        """Those of the account's owner, as variables."""
        return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": self._secret}

    def client(self, service, **more):
        """A client of the account's owner."""
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": self._secret}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **(credentials | more))

    def deploy(self, template, programs, smtp_url, ranges_url):
        """Does what docs/operations.md asks of an operator, then deploys with the binaries of a folder."""
        self._given = expand.TEMPLATE_CHECK.PARAMETERS | {"BreachedPasswordsUrl": ranges_url}
        self._put_values(smtp_url)
        self._upload(template, programs)
        self.client("s3").put_object(Bucket=expand.CODE_BUCKET, Key="template.json", Body=expand.as_text(template))
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(**self._deployment())
        self._await_deployment(cloudformation, "CREATE_COMPLETE")

    def update(self):
        """Deploys the same template again, with what is in Parameter Store by now."""
        cloudformation = self.client("cloudformation")
        cloudformation.update_stack(**self._deployment())
        self._await_deployment(cloudformation, "UPDATE_COMPLETE")

    def _deployment(self):
        return {
            "StackName": NAME,
            "TemplateURL": f"{self.endpoint}/{expand.CODE_BUCKET}/template.json",
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": ",".join(value) if isinstance(value, list) else value}
                for key, value in self._given.items()
            ],
        }

    def _await_deployment(self, cloudformation, wanted):
        deadline = time.monotonic() + DEPLOYMENT
        status = "none"
        while time.monotonic() < deadline:
            status = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                break
            time.sleep(0.1)
        if status != wanted:
            events = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
            reasons = [
                f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
                for event in events
                if event.get("ResourceStatusReason")
            ]
            raise Failed(f"the deployment ended as {status}\n" + "\n".join(reasons))
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
        for page in pages:
            for resource in page["StackResourceSummaries"]:
                self.resources[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
                self.types[resource["LogicalResourceId"]] = resource["ResourceType"]

    def of_type(self, kind):
        """Logical and physical ids of the resources of a type."""
        return {name: self.resources[name] for name, found in self.types.items() if found == kind}

    def _put_values(self, smtp_url):
        stage = expand.TEMPLATE_CHECK.PARAMETERS["Stage"]
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        x = base64.urlsafe_b64encode(public).decode().rstrip("=")
        keys = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "check", "x": x}]}
        manager = self.client("secretsmanager")
        access_key = f"check:{base64.b64encode(private).decode()}"
        manager.create_secret(Name=f"banister/{stage}/access-private-key", SecretString=access_key)
        manager.create_secret(Name=f"banister/{stage}/smtp-url", SecretString=smtp_url)
        name = expand.TEMPLATE_CHECK.PARAMETERS["AccessPublicKeys"]
        self.client("ssm").put_parameter(Name=name, Type="String", Value=json.dumps(keys))

    def _upload(self, template, programs):
        s3 = self.client("s3")
        s3.create_bucket(Bucket=expand.CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for folder in expand.code_folders(template):
            program = programs / Path(folder).name / "bootstrap"
            if not program.is_file():
                raise Failed(f"{program} is missing: build and stage the functions first")
            s3.put_object(Bucket=expand.CODE_BUCKET, Key=folder, Body=zipped(program))


def zipped(program):
    """A deployment package that holds one program."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, program.read_bytes())
    return package.getvalue()
