"""Deploys template.yaml with the staged binaries to MiniStack, rights enforced, and uses what was deployed.

    python3 -m venv .venv/deployed
    .venv/deployed/bin/pip install -r infra/deployed/requirements.txt
    .venv/deployed/bin/python infra/deployed/check.py                     all checks
    .venv/deployed/bin/python infra/deployed/check.py --mutants [KIND]    that the checks notice what is missing
    .venv/deployed/bin/python infra/deployed/check.py --everything        both, beside each other
    .venv/deployed/bin/python infra/deployed/check.py --without permission RelayFunction sqs:SendMessage
    .venv/deployed/bin/python infra/deployed/check.py --without event EmailFunction Messages
    .venv/deployed/bin/python infra/deployed/check.py --without route GetJwksFunction
    .venv/deployed/bin/python infra/deployed/check.py --without resource MediaQueuePolicy

Needs `target/lambda/<area>/bootstrap` of every area (`infra/release/stage`), cargo for an operator's commands, no
network, no credentials and no Docker; listens on free ports of 127.0.0.1. Ends with 1 if a check fails.
Mutants are deployed `--at-once` beside each other, each to a MiniStack of its own.
"""

import argparse
import concurrent.futures
import contextlib
import io
import os
import sys
import tempfile
import time
import traceback
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
# Stacks beside each other: most of a check is waiting, and what is waited for must still come in time on two cores.
AT_ONCE = 3
# Mutants whose check waits for minutes, so begun first.
LONG = ("erasing", "schedule")


def run(arguments, steps, without=None):
    """Deploys and does the checks; what failed and why, if something did."""
    text = arguments.template.read_text(encoding="utf-8")
    manage = [arguments.manage.resolve()] if arguments.manage else ["cargo", "manage"]
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
        world = None if failure else checks.World(running, mails, ranges, manage)
        for check in [] if failure else steps:
            failure = failure or timed(check, running, world)
        if failure and without in (None, arguments.without):
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
    """Each mutant must turn its check red, and none before it; whether one did not, or the template itself is red."""
    kind = "all" if arguments.everything else arguments.mutants
    chosen = [mutant for mutant in mutants.MUTANTS if kind in (mutant[0], "all")]
    chosen.sort(key=lambda mutant: mutant[-1] not in LONG)
    wrong = 0
    with concurrent.futures.ProcessPoolExecutor(arguments.at_once) as pool:
        # The longest of all.
        whole = [pool.submit(told, run_whole, arguments)] if arguments.everything else []
        running = {pool.submit(told, run_mutant, arguments, *mutant) for mutant in chosen}
        for done in concurrent.futures.as_completed([*running, *whole]):
            said, failed = done.result()
            print(said, end="", flush=True)
            wrong += bool(failed) and done in running
    print(f"{len(chosen) - wrong} of {len(chosen)} mutants were noticed by their check")
    return wrong or any(done.result()[1] for done in whole)


def told(task, *given):
    """Does a task in a process of its own: what it printed, and what it answered, or why it broke off."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            answer = task(*given)
        except Exception as error:  # it is one of several, which go on
            answer = repr(error)
            print(traceback.format_exc())
    return said.getvalue(), answer


def run_whole(arguments):
    """All checks of the template as it is; what failed and why, if something did."""
    print("== the template as it is")
    return run(arguments, CHECKS)


def run_mutant(arguments, kind, name, which, expected):
    """Deploys a mutant and does the checks; whether its own did not notice."""
    print(f"== without {kind} {name} {which}")
    others = [check for check in CHECKS if check not in NEEDED and expected in (check.__name__, mutants.ANY)]
    failed, reason = run(arguments, NEEDED + others, (kind, name, which)) or ("nothing", "")
    noticed = failed == expected or (expected == mutants.ANY and failed != "nothing")
    if noticed and (kind != "permission" or which in reason):
        return False
    print(f"WRONG: {expected} should have failed because of it")
    return True


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--template", type=Path, default=expand.ROOT / "template.yaml", help="another template")
    arguments.add_argument("--programs", type=Path, default=expand.ROOT / "target/lambda", help="other binaries")
    arguments.add_argument("--manage", type=Path, help="an operator's program, built already (default: cargo manage)")
    mode = arguments.add_mutually_exclusive_group()
    kinds = "; ".join(f"{kind}: {named}" for kind, named in mutants.KINDS.items())
    mode.add_argument("--without", nargs="+", metavar="NAME", help=f"take one thing away: its kind, and of {kinds}")
    mode.add_argument("--mutants", nargs="?", const="all", choices=[*mutants.KINDS, "all"], help="take some away")
    mode.add_argument("--everything", action="store_true", help="the template as it is, and all mutants")
    arguments.add_argument("--at-once", type=int, default=AT_ONCE, help=f"mutants at a time (default: {AT_ONCE})")
    given = arguments.parse_args()
    if given.without and given.without[0] not in mutants.KINDS:
        arguments.error(f"--without takes {kinds}")
    os.environ["AWS_DEFAULT_REGION"] = stack.REGION
    begun = time.monotonic()
    failed = run_mutants(given) if given.mutants or given.everything else run(given, CHECKS, given.without)
    print(f"{'failed' if failed else 'all good'} after {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
