"""`shop serve | migrate | seed | healthcheck`: what one image can be started as.

A service's code is imported only when it is asked for: no image holds the other service's.
"""

import argparse
import os
import sys
import urllib.error
import urllib.request

import msgspec

from shop.common import logs, settings
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings, SettingsError


def main(argv: list[str] | None = None) -> int:
    """Runs one command. 0: done, 1: it failed, 2: it was asked wrongly (flags or environment)."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except SettingsError as error:
        print(f"shop: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shop", description="A small shop: an API and a storefront.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer requests until SIGTERM")
    serve.add_argument("service", choices=["api", "storefront"])
    serve.add_argument("--host", help="address to listen on (HOST; default 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (PORT; default 8080 for api, 3000 for storefront)")
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database to this version's schema")
    migrate.add_argument("--check", action="store_true", help="only say what would be applied")
    migrate.add_argument("--json", action="store_true", help="say it as JSON")
    migrate.set_defaults(run=_migrate)

    seed = commands.add_parser("seed", help="put the demonstration products and user into the database")
    seed.set_defaults(run=_seed)

    health = commands.add_parser("healthcheck", help="ask a service here whether it is ready: status 0 or 1")
    health.add_argument("service", choices=["api", "storefront"], nargs="?", default="api")
    health.set_defaults(run=_healthcheck)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    said = {"HOST": arguments.host, "PORT": arguments.port}
    chosen = settings.read(arguments.service, {**os.environ, **{name: value for name, value in said.items() if value}})
    logs.configure(chosen)
    # One copy of each: the server turns `draining` on, the app's /readyz tells it.
    lifecycle = Lifecycle()
    if arguments.service == "api":
        from shop.api.app import create
    else:
        from shop.storefront.app import create
    from shop.common.server import serve

    serve(create(chosen, lifecycle), chosen, lifecycle)


def _migrate(arguments: argparse.Namespace) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from shop.api import migrate
    from shop.api.database import open_engine

    chosen = settings.read("migrate")
    try:
        engine = open_engine(chosen)
        if arguments.check:
            return _show_plan(migrate.plan(engine, chosen.version), as_json=arguments.json)
        applied = migrate.migrate(engine, chosen.version)
        state = migrate.plan(engine, chosen.version)
    except (SQLAlchemyError, migrate.SchemaBusy) as error:
        print(f"shop migrate: {getattr(error, 'orig', None) or error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(msgspec.json.encode({"applied": applied, "current": state.current, "head": state.head}).decode())
    else:
        for step in applied:
            print(f"applied {step.revision} {step.name}")
        print(f"schema is {state.current}" + ("" if applied else ", nothing to apply"))
    return _fill(chosen) if chosen.demo else 0


def _show_plan(plan: object, *, as_json: bool) -> int:
    from shop.api.migrate import Plan

    assert isinstance(plan, Plan)
    if as_json:
        print(msgspec.json.encode(plan).decode())
        return 0
    for step in plan.pending:
        print(f"pending {step.revision} {step.name}: {_kind(step.expand_only, step.reversible)}")
    if not plan.pending:
        print(f"schema is {plan.current}, nothing to apply")
    return 0


def _kind(expand_only: bool, reversible: bool) -> str:
    return (
        f"{'only adds' if expand_only else 'changes what old code needs'}, {'reversible' if reversible else 'one way'}"
    )


def _seed(_: argparse.Namespace) -> int:
    return _fill(settings.read("seed"))


def _fill(chosen: Settings) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from shop.api import seed
    from shop.api.database import open_engine

    try:
        added = seed.fill(open_engine(chosen))
    except SQLAlchemyError as error:
        print(f"shop seed: {getattr(error, 'orig', None) or error}", file=sys.stderr)
        return 1
    print(f"seeded {added} products, login {seed.DEMO_EMAIL} / {seed.DEMO_PASSWORD}")
    return 0


def _healthcheck(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments.service)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{chosen.port}/readyz", timeout=2) as answer:
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        print(f"not ready: {error.read().decode()}", file=sys.stderr)
    except OSError as error:
        print(f"not ready: {error}", file=sys.stderr)
    return 1
