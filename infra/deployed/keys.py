"""The check of the key that signs access tokens: another one takes its place, and nobody is signed out."""

import base64
import json
import os
import subprocess

import expand
import stack
from checks import PASSWORD, PROVIDER
from stack import Failed

# Seconds that one step may take, since the program may have to be built.
STEP = 900


def keys(world):
    """An operator replaces the key in steps, deploying after each; none is done before its time."""
    old, before = signed_by(world), world.tokens[PROVIDER]
    if rotate(world)["step"] != "announce" or "deploy first" not in refused(world):
        raise Failed("a key that nobody knows was used")
    world.stack.update()
    if published(world)[0] != old or len(published(world)) != 2 or signed_by(world) != old:
        raise Failed(f"{published(world)} are published, {signed_by(world)} signs")
    if rotate(world)["step"] != "use":
        raise Failed("the new key is not used")
    world.stack.update()
    new = signed_by(world)
    if new == old or published(world) != [new, old]:
        raise Failed(f"{published(world)} are published, {new} signs")
    world.api.call("GET", "/v1/me", token=before)
    if "too soon" not in refused(world):
        raise Failed("the old key was dropped while its tokens are good")


def published(world):
    """The ids of the keys that functions check tokens with."""
    return [key["kid"] for key in world.api.call("GET", "/.well-known/jwks.json")["keys"]]


def signed_by(world):
    """The id of the key that signs a new token, which is good."""
    credentials = {"email": PROVIDER, "password": PASSWORD}
    token = world.api.call("POST", "/v1/sessions", status=201, body=credentials)["access_token"]
    world.api.call("GET", "/v1/me", token=token)
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


def rotate(world):
    """What `cargo manage rotate-keys` says when it has done a step."""
    done = manage(world)
    if done.returncode:
        raise Failed(f"rotate-keys ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def refused(world):
    """Why `cargo manage rotate-keys` does no step."""
    done = manage(world)
    if not done.returncode:
        raise Failed(f"rotate-keys did what it should not: {done.stdout}")
    return json.loads(done.stdout)["error"]


def manage(world):
    """Runs `cargo manage rotate-keys` as an operator does on AWS."""
    endpoint = world.stack.endpoint
    services = ("DYNAMODB", "SECRETS_MANAGER", "SSM")
    variables = {f"AWS_ENDPOINT_URL_{service}": endpoint for service in services}
    variables |= {"AWS_REGION": stack.REGION, "TABLE_NAME": world.stack.resources["Table"]}
    stage = expand.TEMPLATE_CHECK.PARAMETERS["Stage"]
    api = f"{endpoint}/_aws/execute-api/{world.stack.resources['Api']}"
    return subprocess.run(
        ["cargo", "manage", "rotate-keys", "--stage", stage, "--api", api, "--json"],
        cwd=expand.ROOT,
        env=os.environ | variables | world.stack.credentials(),
        capture_output=True,
        text=True,
        timeout=STEP,
        check=False,
    )
