"""`shop serve | migrate | seed | assets | healthcheck | loadgen`: what one image can be started as.

A service's code is imported only when it is asked for: no image holds the other service's.
"""

import argparse
import os
import sys
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from shop.common import logs, settings
from shop.common.lifecycle import Lifecycle, Wrap
from shop.common.settings import SettingsError

SERVICES = ("api", "storefront")


def main(argv: list[str] | None = None) -> int:
    """Runs one command. 0: done, 1: it failed, 2: it was asked wrongly (flags or environment)."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except SettingsError as error:
        print(f"shop: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shop", description="A small shop: an API and a storefront.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer requests until SIGTERM")
    serve.add_argument("service", choices=SERVICES, nargs="?", help="where only one is installed, it is that one")
    serve.add_argument("--host", help="address to listen on (HOST; default 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (PORT; default 8080 for api, 3000 for storefront)")
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database to this version's schema")
    migrate.add_argument("--check", action="store_true", help="only say what would be applied")
    migrate.add_argument("--lint", action="store_true", help="only say which revisions old code would not survive")
    migrate.add_argument("--json", action="store_true", help="say it as JSON")
    migrate.set_defaults(run=_migrate)

    seed = commands.add_parser("seed", help="put the demonstration products and users into the database")
    seed.add_argument("--products", type=_products, default=24, metavar="N", help="1 to 100000 (default 24)")
    seed.set_defaults(run=_seed)

    assets = commands.add_parser("assets", help="write style sheet, script, fonts and pictures into a folder")
    assets.add_argument("folder", type=Path, help="for STATIC_URL: to be copied to a bucket, nothing ever deleted")
    assets.set_defaults(run=_assets)

    health = commands.add_parser("healthcheck", help="ask a service here whether it is ready: status 0 or 1")
    health.add_argument("service", choices=SERVICES, nargs="?", help="api unless the image holds storefront alone")
    health.set_defaults(run=_healthcheck)

    load = commands.add_parser("loadgen", help="shoppers at a fixed rate, counted by the release that answered")
    load.add_argument("--url", required=True, help="where the shop is: its front, or the api or storefront alone")
    load.add_argument("--rate", type=_positive, default=20.0, help="requests a second (default 20)")
    load.add_argument("--seconds", type=_not_negative, default=30.0, help="for how long (default 30); 0: until Ctrl-C")
    load.add_argument(
        "--timeout", type=_positive, default=10.0, metavar="SECONDS", help="an answer's time (default 10)"
    )
    load.add_argument(
        "--mix", metavar="KIND=SHARE,…", help="of browse, search, cart and checkout, e.g. browse=90,search=10"
    )
    load.add_argument("--path", action="append", default=[], help="only GET this path, on any server; may be repeated")
    load.add_argument("--json", action="store_true", help="the result as one JSON object on standard output")
    load.add_argument("--report", type=Path, metavar="FILE", help="the result as an HTML page, too")
    load.set_defaults(run=_loadgen)
    return parser


def _installed() -> list[str]:
    """The services whose code is here; an image may leave one out."""
    return [name for name in SERVICES if find_spec(f"shop.{name}")]


def _serve(arguments: argparse.Namespace) -> None:
    if not arguments.service and len(_installed()) > 1:
        raise SettingsError(f"say what to serve: {' or '.join(_installed())}")
    arguments.service = arguments.service or _installed()[0]
    said = {"HOST": arguments.host, "PORT": arguments.port}
    chosen = settings.read(arguments.service, {**os.environ, **{name: value for name, value in said.items() if value}})
    logs.configure(chosen)
    from shop.common import faults, tracing

    fault = faults.chosen(chosen)
    wraps: list[Wrap] = [fault.wrap] if fault else []
    if tracing.wanted():
        wraps.append(tracing.start(chosen))
    # One copy of each: the server turns `draining` on, the app's /readyz tells it.
    lifecycle = Lifecycle(wraps=tuple(wraps))
    if fault:
        faults.at_start(fault)
    if arguments.service == "api":
        from shop.api.app import create
    else:
        from shop.storefront.app import create
    from shop.common.server import serve

    serve(create(chosen, lifecycle), chosen, lifecycle)


def _migrate(arguments: argparse.Namespace) -> int:
    chosen = settings.read("migrate")
    from shop.api import commands
    from shop.common import faults

    if arguments.lint:
        return commands.lint()
    # Its lines are for people; a fault's are log lines, and go where they are not in the way of --json.
    if not arguments.check and (fault := faults.chosen(chosen)):
        faults.at_migration(fault)
    return commands.migrate(chosen, check=arguments.check, as_json=arguments.json)


def _seed(arguments: argparse.Namespace) -> int:
    chosen = settings.read("seed")
    from shop.api import commands

    return commands.fill(chosen, arguments.products)


def _loadgen(arguments: argparse.Namespace) -> int:
    from shop.loadgen import command
    from shop.loadgen.plan import MIX, Plan, read_mix

    plan = Plan(
        url=settings.http("--url", arguments.url),
        rate=arguments.rate,
        seconds=arguments.seconds,
        timeout=arguments.timeout,
        mix=read_mix(arguments.mix) if arguments.mix else MIX,
        paths=tuple(arguments.path),
    )
    return command.run(plan, as_json=arguments.json, page=arguments.report)


def _products(text: str) -> int:
    if not 1 <= int(text) <= 100_000:
        raise ValueError(text)
    return int(text)


def _positive(text: str) -> float:
    if not (value := float(text)) > 0:
        raise ValueError(text)
    return value


def _not_negative(text: str) -> float:
    if not (value := float(text)) >= 0:
        raise ValueError(text)
    return value


def _assets(arguments: argparse.Namespace) -> None:
    from shop.storefront.assets import Assets

    print(f"{Assets().export(arguments.folder)} files in {arguments.folder}")


def _healthcheck(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments.service or _installed()[0])
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{chosen.port}/readyz", timeout=2) as answer:
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        print(f"not ready: {error.read().decode()}", file=sys.stderr)
    except OSError as error:
        print(f"not ready: {error}", file=sys.stderr)
    return 1
