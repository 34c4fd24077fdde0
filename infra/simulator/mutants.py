#!/usr/bin/env python3
"""The guard with one thing taken away, each of which the simulator must notice.

    infra/simulator/mutants.py                every mutant
    infra/simulator/mutants.py NAME …         these
    infra/simulator/mutants.py --operations N how many requests at most (default 50000)

Changes a copy of the sources in a temporary folder, builds it into target/mutants, and runs it; the working tree and
what is built of it are never touched. The first build takes as long as one from nothing. Needs Python 3.11 and git. Prints a row for each mutant, and ends with 1 if one is not noticed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORE = "shared/platform/src/store"
DOMAIN = "shared/domain/src"
BOOKINGS = f"{STORE}/bookings"

# What is taken away, and each file with the text there and the one in its stead; a text stands there exactly once.
MUTANTS = {
    "version": (
        "a day is written whatever its version is",
        [
            (
                "shared/platform/src/table/transaction.rs",
                'return self.create(record, stale);\n        }\n        self.put(record, version + 1, Some(("v = :expected", Some(version))), Some(stale))',
                'return self.create(record, stale);\n        }\n        drop(stale);\n        self.put(record, version + 1, None, None)',
            )
        ],
    ),
    "buffers": (
        "services may touch each other's buffers",
        [
            (
                f"{DOMAIN}/availability/calendar.rs",
                "busy.interval.overlaps(&wanted.interval) && Some(busy.owner) != beside;",
                "busy.service_time().unwrap_or(busy.interval).overlaps(&wanted.service_time().unwrap_or(wanted.interval))"
                " && Some(busy.owner) != beside;",
            ),
            (
                f"{DOMAIN}/availability/slots.rs",
                "    let (before, after) = buffers(rules);\n    let busy: Vec<&Busy> = busy.into_iter().collect();\n"
                "    let caps = Caps::new(now, rules, &visit, busy.iter().copied());\n    match",
                "    let (before, after) = (0, 0);\n"
                "    let busy: Vec<&Busy> = busy.into_iter().collect();\n"
                "    let caps = Caps::new(now, rules, &visit, busy.iter().copied());\n    match",
            ),
        ],
    ),
    "trust-ttl": (
        "a hold or request blocks until something removes it",
        [
            (
                f"{DOMAIN}/availability/busy.rs",
                "self.until.is_none_or(|until| now < until)",
                "self.until.is_none_or(|until| now < until || now >= until)",
            )
        ],
    ),
    "late-answer": (
        "a request can be confirmed until something removes it",
        [
            (
                f"{DOMAIN}/booking/mod.rs",
                "(Status::Requested, Some(due)) if due <= now => Status::Expired,",
                "(Status::Requested, Some(due)) if due <= now && due > now => Status::Expired,",
            )
        ],
    ),
    "receipt": (
        "no receipt is written",
        [
            (
                f"{STORE}/once.rs",
                "transaction.create_or_expired(&receipt, now, seen);",
                "let _ = (transaction, receipt, seen);",
            )
        ],
    ),
    "cancelled": (
        "a booking that is called off keeps its place",
        [
            (
                f"{DOMAIN}/booking/state.rs",
                "(Status::Confirmed, Command::Cancel) if now < booking.starts_at => {\n"
                "            (Status::Cancelled, PlaceChange::Release)",
                "(Status::Confirmed, Command::Cancel) if now < booking.starts_at => {\n"
                "            (Status::Cancelled, PlaceChange::Keep)",
            )
        ],
    ),
    "two-days": (
        "a place over midnight is written into its first day only",
        [
            (
                f"{BOOKINGS}/reserve.rs",
                "for ChangedDay { expected_version, day } in days {",
                "for ChangedDay { expected_version, day } in days.into_iter().take(1) {",
            )
        ],
    ),
    "seats": (
        "there is always one seat more",
        [
            (
                f"{DOMAIN}/availability/calendar.rs",
                "if wanted.seats() <= left { Ok(()) }",
                "if wanted.seats() <= left + 1 { Ok(()) }",
            ),
            (
                f"{DOMAIN}/availability/taken.rs",
                "saturating_add(self.wanted) <= self.capacity;",
                "saturating_add(self.wanted) <= self.capacity + 1;",
            ),
        ],
    ),
    "hold": (
        "a hold that is gone still helps a booking",
        [
            (
                f"{BOOKINGS}/reserve.rs",
                "transaction.remove_any(&key::hold(held.customer_id, held.id), Lost::Race);",
                "transaction.delete(&key::hold(held.customer_id, held.id));",
            )
        ],
    ),
    "week": (
        "bookings of one limited week are counted side by side",
        [
            (
                f"{BOOKINGS}/reserve.rs",
                "transaction.create_or_replace(&week, version, Lost::Race);",
                "let _ = (week, version);",
            )
        ],
    ),
    "booking-version": (
        "a booking is changed whatever its version is",
        [
            (
                f"{BOOKINGS}/change.rs",
                "            transaction.replace(&changed, Lost::Race);\n            add(",
                "            transaction.create_or_replace(&changed.value, u64::MAX, Lost::Race);\n            add(",
            ),
            (
                "shared/platform/src/table/transaction.rs",
                "        if version == 0 {\n            return self.create(record, stale);",
                "        if version == u64::MAX {\n            return self.put_over(record);\n        }\n"
                "        if version == 0 {\n            return self.create(record, stale);",
            ),
        ],
    ),
}


def copy(folder):
    """The files that git knows, changed ones as they are."""
    names = subprocess.run(["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for name in filter(None, names.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def change(folder, edits):
    """Makes the edits; answers what was there."""
    before = {}
    for name, old, new in edits:
        path = folder / name
        text = path.read_text()
        before.setdefault(path, text)
        if text.count(old) != 1:
            sys.exit(f"{name} has this {text.count(old)} times:\n{old}")
        path.write_text(text.replace(old, new))
    return before


def build(folder):
    # Not into the target of the working tree: cargo tells members of two copies of a workspace apart by nothing but
    # their times, and would take a mutant for what is deployed.
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target/mutants")}
    command = ["cargo", "build", "--quiet", "--release", "--offline", "-p", "banister-simulator"]
    done = subprocess.run(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"the mutant does not build\n{done.stderr}")
    # Beside the others, as the next build takes its place.
    binary = folder / "simulator"
    shutil.copy2(ROOT / "target/mutants/release/banister-simulator", binary)
    return binary


def run(binary, operations):
    """The rule that was broken, after how many requests; none where none was."""
    try:
        done = subprocess.run([binary, "--operations", str(operations)], stdout=subprocess.PIPE, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        return None
    broken = re.search(r"^BROKEN: ([^:]+): (.*)$", done.stdout, re.MULTILINE)
    at = re.search(r"^seed \d+, round (\d+)$", done.stdout, re.MULTILINE)
    if done.returncode != 1 or not broken or not at:
        return None
    return broken[1], broken[2], (int(at[1]) + 1) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(MUTANTS)}")
    parser.add_argument("--operations", type=int, default=50_000)
    asked = parser.parse_args()
    names = asked.names or list(MUTANTS)
    missed = []
    with tempfile.TemporaryDirectory(prefix="banister-mutants-") as folder:
        folder = Path(folder)
        copy(folder)
        print("| mutant | what is wrong | rule that is broken | within requests |\n|---|---|---|---|", flush=True)
        for name in names:
            what, edits = MUTANTS[name]
            before, start = change(folder, edits), time.monotonic()
            found = run(build(folder), asked.operations)
            for path, text in before.items():
                path.write_text(text)
            if found:
                print(f"| `{name}` | {what} | {found[0]} | {found[2]:,} |", flush=True)
                print(f"{name}: {found[1][:300]} ({time.monotonic() - start:.0f} s)", file=sys.stderr, flush=True)
            else:
                print(f"| `{name}` | {what} | NOT NOTICED | |", flush=True)
                missed.append(name)
    sys.exit(f"not noticed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
