"""`shop migrate` and `shop seed`: one-off work on the API's database, told in a few lines or as JSON."""

import sys

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from shop.api import migrate as steps
from shop.api import seed
from shop.api.database import open_engine, wait_for
from shop.api.schema import SchemaForeign
from shop.common.settings import Settings


def migrate(settings: Settings, *, check: bool, as_json: bool) -> int:
    """Brings the database to this version's schema, or with `check` says what that would do. Returns the exit status.

    With SHOP_DEMO=1 the demonstration data follow.
    """
    engine = open_engine(settings)
    try:
        if engine.dialect.name != "sqlite":
            wait_for(engine, settings.database_wait)
        if check:
            _show_plan(steps.plan(engine, settings.version), as_json=as_json)
            return 0
        applied = steps.migrate(engine, settings.version)
        state = steps.plan(engine, settings.version)
        added = seed.fill(engine) if settings.demo else None
    except (SQLAlchemyError, steps.SchemaBusy, SchemaForeign) as error:
        return _failed("migrate", error)
    if as_json:
        print(msgspec.json.encode({"applied": applied, "current": state.current, "head": state.head}).decode())
        return 0
    for step in applied:
        print(f"applied {step.revision} {step.name}")
    print(f"schema is {state.current}" + ("" if applied else ", nothing to apply"))
    if added is not None:
        _tell_seeded(added)
    return 0


def lint() -> int:
    """Says what is wrong with the revisions of this source tree. Returns the exit status; needs no database."""
    wrong = steps.lint()
    for line in wrong:
        print(f"shop migrate: {line}", file=sys.stderr)
    return 1 if wrong else 0


def fill(settings: Settings, products: int) -> int:
    """Puts the demonstration data into a database that has its schema. Returns the exit status."""
    try:
        _tell_seeded(seed.fill(open_engine(settings), products))
    except SQLAlchemyError as error:
        return _failed("seed", error)
    return 0


def _show_plan(plan: steps.Plan, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(plan).decode())
        return
    for step in plan.pending:
        does = "only adds" if step.expand_only else "changes what old code needs"
        print(f"pending {step.revision} {step.name}: {does}, {'reversible' if step.reversible else 'one way'}")
    if not plan.pending:
        print(f"schema is {plan.current}, nothing to apply")


def _tell_seeded(added: int) -> None:
    print(f"seeded {added} products, login {seed.DEMO_EMAIL} / {seed.DEMO_PASSWORD}")


def _failed(command: str, error: Exception) -> int:
    # SQLAlchemy's own text repeats the statement; the driver's says what is wrong. Neither holds the password.
    print(f"shop {command}: {getattr(error, 'orig', None) or error}", file=sys.stderr)
    return 1
