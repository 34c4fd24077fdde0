"""The commands of an operator, run on the deployed stack as on AWS."""

import json
import os
import subprocess

import expand
import stack
from checks import PASSWORD
from stack import Failed

# Seconds that one command may take, since the program may have to be built.
COMMAND = 900


def create(world, address, role):
    """Makes an account of staff, whose address needs no confirmation; its id."""
    names = ("--first-name", "First", "--last-name", "Last")
    command = f"create-{role.replace('_', '')}"
    made = done(world, command, "--email", address, *names, given=f"{PASSWORD}\n")
    if (made["email"], made["role"]) != (address, role):
        raise Failed(f"made was {made}")
    return made["id"]


def done(world, command, *more, given=None):
    """What `cargo manage` says of a command that it has done; `given` is what is typed into it."""
    ran = run(world, command, *more, given=given)
    if ran.returncode:
        raise Failed(f"{command} ended with {ran.returncode}: {ran.stdout}{ran.stderr}")
    return json.loads(ran.stdout)


def refused(world, command, *more, given=None, table=None):
    """Why `cargo manage` does not do a command."""
    ran = run(world, command, *more, given=given, table=table)
    if not ran.returncode:
        raise Failed(f"{command} did what it should not: {ran.stdout}")
    return json.loads(ran.stdout)["error"]


def run(world, command, *more, given=None, table=None):
    """Runs `cargo manage`, or the program that was given for it, with the credentials of the account's owner, in the
    stack's table or another one."""
    services = ("DYNAMODB", "SECRETS_MANAGER", "SSM")
    variables = {f"AWS_ENDPOINT_URL_{service}": world.stack.endpoint for service in services}
    variables |= {
        "AWS_REGION": stack.REGION,
        "BREACHED_PASSWORDS_URL": world.ranges.url,
        "TABLE_NAME": table or world.stack.resources["Table"],
    }
    return subprocess.run(
        [*world.manage, command, "--json", *more],
        cwd=expand.ROOT,
        env=os.environ | variables | world.stack.credentials(),
        # Never this process's own: a command that asks for a password must not wait for somebody.
        input=given or "",
        capture_output=True,
        text=True,
        timeout=COMMAND,
        check=False,
    )
