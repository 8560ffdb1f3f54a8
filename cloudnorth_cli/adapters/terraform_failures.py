"""Terraform's failures as ours: what is wrong and where, what is made and what is half-made, what to type next."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import takewhile

from cloudnorth_cli import shell
from cloudnorth_cli.adapters import terraform_causes as causes
from cloudnorth_cli.adapters.terraform import Terraform
from cloudnorth_cli.adapters.terraform_stream import Diagnostic, Stream
from cloudnorth_cli.errors import Broken, CloudnorthError, Failed, Locked, Refused, UsageError
from cloudnorth_cli.shell import Completed

UNSAVED = "errored.tfstate"
"""Where Terraform leaves a state that it could not write (developer.hashicorp.com/terraform/cli/state/recover)."""
NAMED = 12
"""Addresses told by name; of more the number."""
_DRAWN = re.compile(r"\x1b\[[0-9;]*m|[╷│╵]")
_NO_BUCKET = re.compile(r'S3 bucket "([^"]+)" does not exist')
_LOCK = re.compile(r"^\s*(ID|Who|Created|Operation):\s+(\S.*?)\s*$", re.MULTILINE)


def before(
    errors: Sequence[Diagnostic], what: str, terraform: Terraform, shown: str, done: Completed | None = None
) -> CloudnorthError:
    """What went wrong before anything was changed. what: the command; shown: the root module as the configuration
    names it; done: the command's end, where it said nothing of errors."""
    first = errors[0]
    if "state lock" in first.summary and (held := dict(_LOCK.findall(first.detail))).get("ID"):
        return _locked(held, terraform)
    if missing := _NO_BUCKET.search(first.summary):
        return _no_bucket(missing[1], terraform, shown)
    if "plan is stale" in first.summary:
        return Refused("the plan is stale: the state has changed since it was made", code="plan-stale")
    where = f"{shown}/{first.where}" if first.where else None
    if cause := causes.cause(first, terraform):
        kind = UsageError if where and cause.code == "aws-region" else Refused
        return kind(
            f"{what}: {cause.said}",
            code=cause.code,
            where=where,
            evidence=_evidence(errors),
            next=cause.mends or (f"cloudnorth provision --env {terraform.environment}",),
            retryable=cause.retryable,
        )
    if "state lock" in first.summary:
        return Locked(first.summary, code="state-locked", evidence=_evidence(errors), retryable=True)
    evidence = _evidence(errors) if first.detail or len(errors) > 1 else shell.tail(done.output, 5) if done else ()
    if where:
        return UsageError(first.summary, code="terraform-configuration", where=where, evidence=evidence)
    return Refused(f"{what}: {first.summary}", code="terraform", evidence=evidence)


def during(
    stream: Stream, errors: Sequence[Diagnostic], terraform: Terraform, tainted: Sequence[str]
) -> CloudnorthError:
    """An apply that stopped half way: what is there, what is not, and what mends it."""
    if lost := unsaved(stream, errors, terraform):
        return lost
    known = [cause for error in errors if (cause := causes.cause(error, terraform))]
    total = f" of {stream.total}" if stream.total else ""
    left = [
        *made(stream),
        *([f"half-made, the next run would replace: {names(tainted)}"] if tainted else []),
        *([f"not begun: {names(stream.waiting)}"] if stream.waiting else []),
    ]
    kind: type[CloudnorthError] = Broken if stream.touched or tainted else Failed
    imports = (terraform.typed("import", shlex.quote(address), "ID") for address in causes.taken(errors))
    return kind(
        f"terraform apply stopped: {len(stream.done)}{total} done, {len(errors)} failed",
        code="apply-failed",
        evidence=(*_told(errors, terraform), *left),
        next=tuple(dict.fromkeys([mend for cause in known for mend in cause.mends] + list(imports)))[:3],
        retryable=bool(known) and len(known) == len(errors) and all(cause.retryable for cause in known),
    )


def made(stream: Stream) -> list[str]:
    """`created: a, b`, a line for each kind of change."""
    kinds = dict.fromkeys(stream.how[address] for address in stream.done)
    return [f"{kind}: {names([one for one in stream.done if stream.how[one] == kind])}" for kind in kinds]


def names(addresses: Sequence[str]) -> str:
    """The first few by name."""
    rest = len(addresses) - NAMED
    return ", ".join(addresses[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def said(done: Completed) -> tuple[str, ...]:
    """What it wrote as an error, without the colours and the frame that Terraform draws round it."""
    lines = (_DRAWN.sub("", line).strip() for line in done.errors.splitlines())
    return tuple([line for line in lines if line][-20:])


def push_unsaved(terraform: Terraform) -> str:
    """The command that writes a state that could not be written, and takes the file away."""
    return f"{terraform.typed('state push', UNSAVED)} && rm {shlex.quote(terraform.typed_path(UNSAVED))}"


def unsaved(stream: Stream, errors: Sequence[Diagnostic], terraform: Terraform) -> Broken | None:
    """That the state could not be written to its place; None where it was."""
    if not any("persist state" in error.summary for error in errors):
        return None
    cause = next((known for error in errors if (known := causes.cause(error, terraform))), None)
    kept = terraform.typed_path(UNSAVED)
    locks = [found["ID"] for error in errors if (found := dict(_LOCK.findall(error.detail))).get("ID")]
    return Broken(
        f"terraform apply: the state could not be written{f': {cause.said}' if cause else ''}",
        code="state-unsaved",
        evidence=(
            f"it is kept in {kept}; a run without it would make the same things again",
            *made(stream),
            *([] if cause else _evidence(errors)),
        ),
        next=(
            *(cause.mends if cause else ()),
            *(terraform.typed("force-unlock", each) for each in locks),
            push_unsaved(terraform),
        ),
    )


def _no_bucket(name: str, terraform: Terraform, shown: str) -> Refused:
    bootstrap = f"{terraform.program} -chdir={shown}/bootstrap"
    line = f"{bootstrap} init && {bootstrap} apply -var bucket={name}"
    return Refused(
        f"there is no bucket {name} for Terraform's state",
        code="state-bucket-missing",
        next=(line if (terraform.folder / "bootstrap").is_dir() else f"aws s3 mb s3://{name}",),
    )


def _locked(held: dict[str, str], terraform: Terraform) -> Locked:
    return Locked(
        f"the state is locked by {held.get('Who', '?')} since {held.get('Created', '?')[:19]} "
        f"({held.get('Operation', '?').removeprefix('OperationType').lower()})",
        code="state-locked",
        evidence=("it may be unlocked only where that run is gone",),
        retryable=True,
        next=(terraform.typed("force-unlock", held["ID"]),),
    )


def _told(errors: Sequence[Diagnostic], terraform: Terraform) -> list[str]:
    """Each resource that failed with its cause; Terraform's own lines where we know of none."""
    lines: list[str] = []
    for error in errors[:NAMED]:
        cause = causes.cause(error, terraform)
        head = f"{error.address}: " if error.address else ""
        lines += [f"{head}{cause.said}"] if cause else _lines(error)
    rest = len(errors) - NAMED
    return [*lines[:40], *([f"and {rest} errors more"] if rest > 0 else [])]


def _evidence(errors: Sequence[Diagnostic]) -> tuple[str, ...]:
    return tuple(line for error in errors[:5] for line in _lines(error))[:40]


def _lines(error: Diagnostic) -> list[str]:
    return [causes.brief(line) for line in takewhile(_is_ours, error.lines)]


def _is_ours(line: str) -> bool:
    """Not what Terraform explains of locks each time: it ends in advice to do without."""
    return not line.startswith("Terraform acquires a state lock")
