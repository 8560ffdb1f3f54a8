"""The processes of one environment: start new ones beside the old, put them in front, stop the old."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.adapters.supervisor import Program, Supervisor
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Release
from cloudnorth_cli.platforms.local import front, launch, lineup, ports
from cloudnorth_cli.platforms.local.lineup import Lineup, Process
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan

_ALIVE = ("RUNNING", "STARTING")


class Machine:
    """supervisord and what runs under it."""

    def __init__(self, place: Place, store: Store, wanted_port: int) -> None:
        self.place = place
        self.store = store
        self.supervisor = Supervisor(place.home, place.supervisor_socket, place.marker)
        self._wanted_port = wanted_port

    def serving(self) -> Lineup | None:
        """The lineup in front; its processes may be dead."""
        return lineup.serving(self.place)

    def start(
        self, plan: Plan, release: Release, commit: str, step: Step, anew: Collection[str] | None = None
    ) -> Lineup:
        """Start a release beside what serves; processes with the same key are taken over.

        anew: services whose processes are started even so. Raises Failed, Refused; nothing is left running then.
        """
        old = self.serving()
        new = self._lineup(plan, release, commit, anew or (), old)
        lineup.write(self.place, new, old)
        try:
            by_service = {each.service: each.port for each in new.processes}
            for process in new.without(old):
                launch.write_process(plan, process, by_service, self.place)
            self._keep((*(old.processes if old else ()), *new.processes), plan, step)
        except BaseException:
            self.abandon()
            raise
        return new

    def put_in_front(self, new: Lineup, plan: Plan, step: Step) -> None:
        """Make a ready lineup the one that serves, on the port that is wanted now. Raises Failed, Refused."""
        front.await_ready(self.place)
        lineup.switch(self.place, new)
        with ports.one_at_a_time(self.place.runtime.parent):
            if front.configure(self.place, front.choose(self.place, self._wanted_port, step), front.routes(plan)):
                front.reload(self.place)

    def put_back(self, old: Lineup | None, plan: Plan | None) -> None:
        """Take a lineup out of the front again in favour of the one before, which still runs."""
        lineup.switch(self.place, old)
        chosen = front.chosen(self.place)
        if plan and chosen and front.configure(self.place, chosen.port, front.routes(plan)):
            front.reload(self.place)

    def drain(self, old: Lineup | None, step: Step) -> None:
        """Let requests to the processes that serve no more finish."""
        leaving = old.without(self.serving()) if old else ()
        if leaving and not front.drain(self.place, frozenset(each.address for each in leaving), step):
            step.notice(f"requests still under way after {front.DRAIN_DEADLINE:.0f} s are cut", "warning")

    def abandon(self) -> None:
        """Run what serves and nothing of a lineup that does not any more; where nothing serves, nothing runs."""
        serving = self.serving()
        if serving is None:
            self.stop()
        elif self.supervisor.running():
            self.supervisor.keep(self._programs(serving.processes))
        lineup.forget_others(self.place)

    def tidy(self) -> tuple[str, ...]:
        """Stop every process that does not serve and forget other lineups; the names of those stopped."""
        serving = self.serving()
        wanted = self._programs(serving.processes if serving else ())
        extra = {each.name for each in self.supervisor.processes()} - {each.name for each in wanted}
        if extra:
            self.supervisor.keep(wanted)
        lineup.forget_others(self.place)
        return tuple(sorted(extra))

    def stop(self) -> None:
        """Stop everything; nothing serves."""
        lineup.switch(self.place, None)
        self.supervisor.shut_down()
        self.place.migrated.unlink(missing_ok=True)  # data may be taken away or put back while nothing serves
        lineup.forget_others(self.place)
        shutil.rmtree(self.place.runtime, ignore_errors=True)  # sockets only; made again by the next start

    def _lineup(self, plan: Plan, release: Release, commit: str, anew: Collection[str], old: Lineup | None) -> Lineup:
        number = self.store.next("lineup")
        alive = {each.name for each in self.supervisor.processes() if each.state in _ALIVE}
        kept: dict[str, Process] = {}
        for each in plan.services:
            before = old.of(each.name) if old else None
            if before and before.name in alive and before.key == plan.key(each.name) and each.name not in anew:
                kept[each.name] = before
        fresh = [each.name for each in plan.services if each.name not in kept]
        taken = {each.port for each in old.processes} if old else set()
        now = datetime.now(UTC)
        for name, port in zip(fresh, ports.for_services(len(fresh), taken), strict=True):
            before = old.of(name) if old else None
            same = before if before and before.key == plan.key(name) else None
            kept[name] = Process(
                name=f"{name}-{number}",
                service=name,
                port=port,
                key=plan.key(name),
                # Started again, it is still of the release that last changed it.
                release=same.release if same else release.number,
                commit=same.commit if same else commit,
                started_at=now,
            )
        return Lineup(number=number, release=release, processes=tuple(kept[each.name] for each in plan.services))

    def _keep(self, processes: Iterable[Process], plan: Plan, step: Step) -> None:
        if self.supervisor.running():
            self.supervisor.keep(self._programs(processes))
            return
        # Nothing of an earlier supervisord is worth keeping: start only what this lineup names.
        names = {each.service: each for each in processes}
        with ports.one_at_a_time(self.place.runtime.parent):
            self.supervisor.reap()
            front.configure(self.place, front.choose(self.place, self._wanted_port, step), front.routes(plan))
            self.supervisor.start(self._programs(names.values()), launch.inherited())
            front.await_ready(self.place)  # only then is the port its own

    def _programs(self, processes: Iterable[Process]) -> tuple[Program, ...]:
        unique = {each.name: launch.program(self.place, each.name) for each in processes}
        return (front.program(self.place), *unique.values())
