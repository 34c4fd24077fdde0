"""Deploys template.yaml with the staged binaries to MiniStack, rights enforced, and uses what was deployed.

    python3 -m venv .venv/deployed
    .venv/deployed/bin/pip install -r infra/deployed/requirements.txt
    .venv/deployed/bin/python infra/deployed/check.py                     all checks
    .venv/deployed/bin/python infra/deployed/check.py --mutants [KIND]    that the checks notice what is missing
    .venv/deployed/bin/python infra/deployed/check.py --without permission RelayFunction sqs:SendMessage
    .venv/deployed/bin/python infra/deployed/check.py --without event EmailFunction Messages
    .venv/deployed/bin/python infra/deployed/check.py --without route GetJwksFunction
    .venv/deployed/bin/python infra/deployed/check.py --without resource MediaQueuePolicy

Needs `target/lambda/<area>/bootstrap` of every area (`infra/release/stage`), cargo for an operator's command, no
network, no credentials and no Docker; listens on free ports of 127.0.0.1. Ends with 1 if a check fails.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import audit
import checks
import commands
import expand
import keys
import live
import market
import mutants
import rest
import search
import stack
import staff
from peers import MailServer, RangeServer
from stack import Failed

# In this order. The schedules come late: the minute that they need passes while the others go on.
CHECKS = [
    checks.email,
    checks.main_job,
    rest.endpoints,
    staff.administration,
    audit.audit,
    audit.statistics,
    market.market,
    search.search,
    commands.commands,
    commands.verified,
    keys.keys,
    live.websocket,
    live.photo,
    checks.dead_letters,
    checks.sweep,
    checks.schedule,
    live.leaving,
    staff.export,
    rest.erasing,
    # Nobody who signed in before is signed in after it.
    keys.dropped,
    rest.quiet,
    rest.complete,
]
# Those that make what the others use.
NEEDED = [checks.email, checks.main_job, staff.administration]


def run(arguments, steps, without=None):
    """Deploys and does the checks; what failed and why, if something did."""
    text = arguments.template.read_text(encoding="utf-8")
    with (
        tempfile.TemporaryDirectory() as folder,
        MailServer() as mails,
        RangeServer() as ranges,
        stack.Stack(folder) as running,
    ):

        def deployment():
            template = mutants.expanded(running.endpoint, text, without)
            running.deploy(template, arguments.programs, mails.url, ranges.url)

        failure = timed(deployment, running)
        world = None if failure else checks.World(running, mails, ranges)
        for check in [] if failure else steps:
            failure = failure or timed(check, running, world)
        if failure and not arguments.mutants:
            print(f"-- end of the log\n{running.log_tail()}", flush=True)
        return failure


def timed(step, running, *given):
    """Does a step and prints how it went; its name and what was wrong, if something was."""
    begun = time.monotonic()
    reason = None
    try:
        step(*given)
        running.nothing_refused()
    except Failed as failed:
        reason = "\n".join([str(failed), *(line for line in running.refusals() if line not in str(failed))])
    print(f"{'FAILED' if reason else 'ok':7} {step.__name__:13} {time.monotonic() - begun:6.1f} s", flush=True)
    if reason:
        print(reason, flush=True)
    return reason and (step.__name__, reason)


def run_mutants(arguments):
    """Each mutant must turn its check red, and none before it; the number of those that do not."""
    chosen = [mutant for mutant in mutants.MUTANTS if arguments.mutants in (mutant[0], "all")]
    wrong = 0
    for kind, name, which, expected in chosen:
        print(f"== without {kind} {name} {which}", flush=True)
        others = [check for check in CHECKS if check not in NEEDED and expected in (check.__name__, mutants.ANY)]
        failed, reason = run(arguments, NEEDED + others, (kind, name, which)) or ("nothing", "")
        noticed = failed == expected or (expected == mutants.ANY and failed != "nothing")
        if not noticed or (kind == "permission" and which not in reason):
            print(f"WRONG: {expected} should have failed because of it", flush=True)
            wrong += 1
    print(f"{len(chosen) - wrong} of {len(chosen)} mutants were noticed by their check")
    return wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--template", type=Path, default=expand.ROOT / "template.yaml", help="another template")
    arguments.add_argument("--programs", type=Path, default=expand.ROOT / "target/lambda", help="other binaries")
    mode = arguments.add_mutually_exclusive_group()
    kinds = "; ".join(f"{kind}: {named}" for kind, named in mutants.KINDS.items())
    mode.add_argument("--without", nargs="+", metavar="NAME", help=f"take one thing away: its kind, and of {kinds}")
    mode.add_argument("--mutants", nargs="?", const="all", choices=[*mutants.KINDS, "all"], help="take some in turn")
    given = arguments.parse_args()
    if given.without and given.without[0] not in mutants.KINDS:
        arguments.error(f"--without takes {kinds}")
    os.environ["AWS_DEFAULT_REGION"] = stack.REGION
    begun = time.monotonic()
    failed = run_mutants(given) if given.mutants else run(given, CHECKS, given.without)
    print(f"{'failed' if failed else 'all good'} after {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
