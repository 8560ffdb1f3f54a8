"""The table of causes with their bounds (docs/causes/README.md), made from `cloudnorth_cli/rollout/bounds.py`."""

from __future__ import annotations

from cloudnorth_cli.rollout.bounds import CAUSES

PAGE = "docs/causes/README.md"
_HEAD = """# Causes

Made from `cloudnorth_cli/rollout/bounds.py` by `make docs`; do not edit.

Why a rollout failed, by the stable code that stands on the screen, in JSON (`error.code`, `error.failures[].cause`),
in the record and in the run's folder. `cloudnorth explain CODE` shows a page. The seconds are those between the
observation that first shows a sign and the verdict; a sign that goes away is forgotten, and time in which the API
server does not answer is not counted. Before a verdict is acted on, everything is read once more.

| code | what is wrong | seconds | why so many |
|---|---|---|---|
"""


def page() -> str:
    rows = [f"| [`{code}`]({code}.md) | {b.title} | {b.patience:.0f} | {b.why} |" for code, b in CAUSES.items()]
    return _HEAD + "\n".join(rows) + "\n"
