"""Lints template.yaml as written and as CloudFormation will see it, and counts its resources.

    python3 -m venv .venv
    .venv/bin/pip install -r infra/template/requirements.txt
    .venv/bin/python infra/template/check.py [--keep FILE]

Needs no network and no credentials. Ends with 1 if anything is found, a warning included. `--keep`
leaves the expanded template in FILE, for other tools to read.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
# Any region serves: the linters only ask which resource types exist there.
REGION = "eu-central-1"
# CloudFormation refuses a stack of more than 500; before this many, a part moves into a stack of its own.
MOST_RESOURCES = 450
# What an operator must give, as CloudFormation hands it to the transform.
PARAMETERS = {
    "Stage": "dev",
    "AccessIssuer": "https://api.example.com",
    "AccessPublicKeys": "/banister/dev/access-public-keys",
    "AppUrl": "https://app.example.com",
    "CorsOrigins": ["https://app.example.com"],
    "MailFrom": "Banister <no-reply@example.com>",
}


class BundledPolicies:
    """Names of AWS's own policies from the list in the package, so that no account is asked."""

    def load(self):
        return get_bundled_managed_policy_map("aws")


def expand(text):
    """The plain CloudFormation template that the SAM transform makes of `text`."""
    source = yaml_parse(text)
    for resource in source["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            # The transform sees templates after `sam package` has put the folders into a bucket.
            resource["Properties"]["CodeUri"] = "s3://bucket/" + resource["Properties"]["CodeUri"]
    defaults = {
        name: parameter["Default"] for name, parameter in source["Parameters"].items() if "Default" in parameter
    }
    translator = Translator(BundledPolicies().load(), Parser())
    return translator.translate(source, parameter_values=defaults | PARAMETERS)


def run(title, *command):
    """Runs a tool of this environment; it must succeed and say nothing of warnings."""
    print(f"== {title}", flush=True)
    tool = Path(sys.executable).parent / command[0]
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, text=True, capture_output=True, check=False)
    output = (done.stdout + done.stderr).strip()
    if output:
        print(output, flush=True)
    return done.returncode == 0 and "warning" not in output.lower()


def count(expanded):
    """Prints how many resources there are, and of which types; says whether there is room."""
    types = Counter(resource["Type"] for resource in expanded["Resources"].values())
    print(f"== resources: {types.total()} of at most {MOST_RESOURCES}")
    for kind, number in types.most_common():
        print(f"{number:5} {kind}")
    return types.total() <= MOST_RESOURCES


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--keep", type=Path, metavar="FILE", help="where to leave the expanded template")
    keep = arguments.parse_args().keep
    os.environ |= {"AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
    good = [
        run("sam validate --lint", "sam", "validate", "--lint", "--template-file", str(TEMPLATE)),
        run("cfn-lint template.yaml", "cfn-lint", "--regions", REGION, "--", str(TEMPLATE)),
    ]
    try:
        expanded = expand(TEMPLATE.read_text(encoding="utf-8"))
    except InvalidDocumentException as error:
        sys.exit("\n".join(cause.message for cause in error.causes))
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "expanded.json"
        path.write_text(json.dumps(expanded, indent=2), encoding="utf-8")
        good.append(run("cfn-lint on the expanded template", "cfn-lint", "--regions", REGION, "--", str(path)))
    good.append(count(expanded))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
