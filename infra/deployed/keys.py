"""The check of the key that signs access tokens: another one takes its place, and nobody is signed out."""

import base64
import json

import expand
import manage
from checks import PASSWORD, PROVIDER
from stack import Failed


def keys(world):
    """An operator replaces the key in steps, deploying after each; none is done before its time."""
    old, world.early = signed_by(world), world.tokens[PROVIDER]
    if "not the table of that stage" not in refused(world, table="banister-other-Table"):
        raise Failed("the keys of one stage were replaced beside the table of another")
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
    if rotate(world)["step"] != "wait" or "too soon" not in refused(world):
        raise Failed("the old key was dropped while its tokens are good")
    world.api.call("GET", "/v1/me", token=world.early)


def dropped(world):
    """The old key goes, as if its time were over, and takes the tokens that it signed along."""
    new, old = published(world)
    if rotate(world, "--wait", "0")["step"] != "drop":
        raise Failed(f"{old} was not dropped")
    # Until the deployment both are good.
    world.api.call("GET", "/v1/me", token=world.early)
    world.stack.update()
    if published(world) != [new] or signed_by(world) != new:
        raise Failed(f"{published(world)} are published, {signed_by(world)} signs")
    world.api.call("GET", "/v1/me", status=401, token=world.early)
    if rotate(world)["step"] != "announce":
        raise Failed("the next key is not announced")


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


def rotate(world, *more):
    """What `cargo manage rotate-keys` says when it has done a step."""
    return manage.done(world, "rotate-keys", *place(world), *more)


def refused(world, table=None):
    """Why `cargo manage rotate-keys` does no step."""
    return manage.refused(world, "rotate-keys", *place(world), table=table)


def place(world):
    """The arguments that say where the keys are."""
    api = f"{world.stack.endpoint}/_aws/execute-api/{world.stack.resources['Api']}"
    return "--stage", expand.TEMPLATE_CHECK.PARAMETERS["Stage"], "--api", api
