"""Forgetting releases that are not kept any more, and whatever only they used."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from pathlib import Path

from cloudnorth_cli.adapters import bundle
from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.platforms.local import plan
from cloudnorth_cli.platforms.local.lineup import Lineup
from cloudnorth_cli.platforms.local.place import Place

YOUNG = 3600.0
"""Seconds that nothing is touched after its last use: another run may be preparing it just now."""
LOGS = 40
"""Logs of processes kept besides those that run."""


def prune(place: Place, store: Store, keep: int, serving: Lineup | None) -> None:
    """Keep the last verified releases and what serves."""
    ids = {*store.kept_ids(max(1, keep)), *([serving.release.id] if serving else [])}
    plans = [found for found in (plan.read(place.plans, each) for each in ids) if found]
    services = [service for each in plans for service in each.services]
    _forget(place.plans, {f"{each}.json" for each in ids})
    folders = {bundle.folder_of(place.bundles, each.image.digest) for each in services}
    _forget(place.bundles, _names(folders) | {bundle.listing_file(each).name for each in folders})
    used = {each.environment for each in services if each.environment}
    _forget(place.environments, _names(used) | {f"{each.name}.lock" for each in used})
    made = {each.folder for each in services if each.folder.parent == place.prepared}
    _forget(place.prepared, _names(made) | {f"{each.name}{end}" for each in made for end in (".complete", ".lock")})
    _forget(place.secrets, {"salt", *(f"{each.secrets}.json" for each in plans)})
    running = {f"{each.name}.log" for each in serving.processes} | {"caddy.log"} if serving else set()
    logs = sorted(place.logs.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in [each for each in logs if each.name not in running][LOGS:]:
        file.unlink(missing_ok=True)


def _names(folders: Collection[Path]) -> set[str]:
    return {each.name for each in folders}


def _forget(folder: Path, kept: Collection[str]) -> None:
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.name in kept or time.time() - each.lstat().st_mtime < YOUNG:
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)
