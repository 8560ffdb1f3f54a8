"""The processes of one environment: start new ones beside the old, put them in front, stop the old."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.adapters.supervisor import Program, Supervisor
from cloudnorth_cli.errors import Failed
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Release
from cloudnorth_cli.platforms.local import front, internal, launch, lineup, pages, ports
from cloudnorth_cli.platforms.local.lineup import Lineup, Process
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan, read
from cloudnorth_cli.settings import EnvironmentFile

_ALIVE = ("RUNNING", "STARTING")


@dataclass(frozen=True)
class Wishes:
    """How a lineup is to differ from what would be started by itself."""

    anew: Collection[str] = ()
    """Services whose processes are started although nothing changed for them."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Numbers of processes by service, over those that are kept."""


NO_WISHES = Wishes()


class Machine:
    """supervisord and what runs under it."""

    def __init__(self, place: Place, store: Store, wanted: EnvironmentFile) -> None:
        self.place = place
        self.store = store
        self.supervisor = Supervisor(place.home, place.supervisor_socket, place.marker)
        self._wanted_port = wanted.port
        self._site = front.site(wanted)

    def serving(self) -> Lineup | None:
        """The lineup in front; its processes may be dead."""
        return lineup.serving(self.place)

    def start(self, plan: Plan, release: Release, commit: str, step: Step, wishes: Wishes = NO_WISHES) -> Lineup:
        """Start a release beside what serves; processes with the same key are taken over.

        Raises Failed, Refused; nothing is left running then.
        """
        old = self.serving()
        new = self._lineup(plan, release, commit, wishes, old)
        lineup.write(self.place, new, old)
        try:
            lineup.lead(self.place, new, beside=old)
            with ports.one_at_a_time(self.place.runtime.parent):
                self._stand(plan, old, new, step)
            self.supervisor.keep(self._programs((*(old.processes if old else ()), *new.processes)))
        except BaseException:
            self.abandon()
            raise
        return new

    def put_in_front(self, new: Lineup, plan: Plan, step: Step) -> None:
        """Make a ready lineup the one that serves, on the port that is wanted now. Raises Failed, Refused."""
        front.await_ready(self.place)
        lineup.switch(self.place, new)
        with ports.one_at_a_time(self.place.runtime.parent):
            self._configure(front.choose(self.place, self._wanted_port, step), plan)

    def put_back(self, old: Lineup | None, plan: Plan | None) -> None:
        """Take a lineup out of the front again in favour of the one before, which still runs."""
        lineup.switch(self.place, old)
        chosen = front.chosen(self.place)
        if plan and chosen:
            # What Caddy refuses it was not told before either: it goes on as it does.
            with suppress(Failed):
                self._configure(chosen.port, plan)

    def fronts_as_wanted(self) -> bool:
        """Whether the world is served what the configuration says."""
        return front.serves(self.place, self._site)

    def refresh(self) -> None:
        """Bring to the front what may have changed beside releases: whether pages pass a server of ours."""
        serving, chosen = self.serving(), front.chosen(self.place)
        plan = read(self.place.plans, serving.release.id) if serving else None
        if plan and chosen and front.answers(self.place):
            with ports.one_at_a_time(self.place.runtime.parent):
                self._configure(chosen.port, plan)

    def drain(self, old: Lineup | None, step: Step) -> None:
        """Let requests to the processes that serve no more finish."""
        leaving = old.without(self.serving()) if old else ()
        if leaving and not front.drain(self.place, frozenset(each.address for each in leaving), step):
            step.notice(f"requests still under way after {front.DRAIN_DEADLINE:.0f} s are cut", "warning")

    def abandon(self) -> None:
        """Run what serves and nothing of a lineup that does not any more; where nothing serves, nothing runs.

        Where supervisord was killed, and with it what served, both are started again.
        """
        serving = self.serving()
        if serving is None and self.place.kept_by_service.exists():
            self.supervisor.keep(())
        elif serving is None:
            self.stop()
        elif self.supervisor.running():
            self.supervisor.keep(self._programs(serving.processes))
        else:
            self.supervisor.reap()
            self.supervisor.start(self._programs(serving.processes), launch.inherited())
            front.await_ready(self.place)
        lineup.forget_others(self.place)

    def lost(self) -> Failed | None:
        """Where supervisord is gone, and with it all that it kept: no release is to blame for that."""
        if self.supervisor.running():
            return None
        message = "supervisord ended while the release was started; what served before is started again"
        return Failed(message, code="supervisor", retryable=True)

    def tidy(self) -> tuple[str, ...]:
        """Stop every process that does not serve and forget other lineups; the names of those stopped."""
        serving = self.serving()
        wanted = self._programs(serving.processes if serving else ())
        extra = {each.name for each in self.supervisor.processes()} - {each.name for each in wanted}
        if extra:
            self.supervisor.keep(wanted)
        lineup.forget_others(self.place)
        return tuple(sorted(extra))

    def pause(self) -> None:
        """Stop the services; the front stays, and requests wait there for some seconds."""
        if self.supervisor.running():
            self.supervisor.keep(self._programs(()))

    def resume(self) -> None:
        """Start what serves again after `pause`."""
        serving = self.serving()
        if serving and self.supervisor.running():
            for each in serving.processes:
                launch.starts_file(launch.launch_file(self.place, each.name)).write_bytes(b"")
            self.supervisor.keep(self._programs(serving.processes))

    def revive(self) -> tuple[str, ...]:
        """Make what served ready to be started as a service's own process; the words that do so.

        Nothing runs now: the machine was started anew, or supervisord ended. Raises Refused, Failed.
        """
        self.supervisor.reap()
        self.place.kept_by_service.touch()
        old = self.serving()
        plan = read(self.place.plans, old.release.id) if old else None
        if old is None or plan is None:
            return self.supervisor.foreground(())
        new = self._lineup(plan, old.release, "", NO_WISHES, old)
        lineup.write(self.place, new, None)
        with ports.one_at_a_time(self.place.runtime.parent):
            self._write_launches(plan, new.processes, new)
            chosen = front.chosen(self.place)
            self._write_front(chosen.port if chosen else self._wanted_port, plan)
        lineup.switch(self.place, new)
        lineup.forget_others(self.place)
        return self.supervisor.foreground(self._programs(new.processes))

    def stop(self) -> None:
        """Stop everything; nothing serves."""
        lineup.switch(self.place, None)
        self.supervisor.shut_down()
        self.place.migrated.unlink(missing_ok=True)  # data may be taken away or put back while nothing serves
        lineup.forget_others(self.place)
        shutil.rmtree(self.place.runtime, ignore_errors=True)  # sockets only; made again by the next start

    def _lineup(self, plan: Plan, release: Release, commit: str, wishes: Wishes, old: Lineup | None) -> Lineup:
        number = self.store.next("lineup")
        alive = {each.name for each in self.supervisor.processes() if each.state in _ALIVE}
        counts = self.store.counts() | dict(wishes.counts)
        taken = {each.port for each in old.processes} if old else set()
        processes: list[Process] = []
        for service in plan.services:
            before, key = old.of(service.name) if old else (), plan.key(service.name)
            same = before[0] if before and before[0].key == key else None
            wanted = counts.get(service.name, 1)
            kept = [each for each in before if each.name in alive and same and service.name not in wishes.anew][:wanted]
            fresh = ports.for_services(wanted - len(kept), taken)
            taken.update(fresh)
            processes += kept
            processes += [
                Process(
                    name=f"{service.name}-{self.store.next('lineup') if position else number}",
                    service=service.name,
                    port=port,
                    key=key,
                    # Started again, it is still of the release that last changed it.
                    release=same.release if same else release.number,
                    commit=same.commit if same else commit,
                    started_at=datetime.now(UTC),
                    side=same.side if same else 1 - before[0].side if before else 0,
                )
                for position, port in enumerate(fresh)
            ]
        return Lineup(number=number, release=release, processes=tuple(processes))

    def _stand(self, plan: Plan, old: Lineup | None, new: Lineup, step: Step) -> None:
        """Choose the ports of the front, write what the new processes are started with, and see that Caddy runs."""
        running = self.supervisor.running()
        self._write_launches(plan, new.without(old), new)
        if not running:
            # Nothing of an earlier supervisord is worth keeping: start only what this lineup names.
            self.supervisor.reap()
            self._write_front(front.choose(self.place, self._wanted_port, step), plan)
            self.supervisor.start(self._programs(new.processes), launch.inherited())
            front.await_ready(self.place)  # only then is the port its own
        elif not front.answers(self.place):  # a service that kept nothing until now
            self._write_front(front.choose(self.place, self._wanted_port, step), plan)
        elif new.sides.keys() - (old.sides if old else {}).keys():
            # Where new services are asked by others; the routes stay as they are until the switch.
            before = read(self.place.plans, old.release.id) if old else None
            chosen = front.chosen(self.place)
            self._configure(chosen.port if chosen else self._wanted_port, before or plan)

    def _write_launches(self, plan: Plan, fresh: Iterable[Process], new: Lineup) -> None:
        """Choose the internal addresses of a lineup and write what its new processes are started with."""
        internal.choose(self.place, new.sides, [each.port for each in new.processes])
        urls = internal.urls(self.place, new.sides)
        for process in fresh:
            launch.write_process(plan, process, urls, self.place)

    def _write_front(self, port: int, plan: Plan) -> bool:
        """Write what Caddy is to do; whether that is something else than before."""
        inside = internal.chosen(self.place)
        return front.configure(self.place, port, front.routes(plan), inside, pages.there(self.place), self._site)

    def _configure(self, port: int, plan: Plan) -> None:
        """Bring routes and addresses to Caddy where they are others than before."""
        if self._write_front(port, plan):
            front.reload(self.place)

    def _programs(self, processes: Iterable[Process]) -> tuple[Program, ...]:
        unique = {each.name: launch.program(self.place, each.name) for each in processes}
        return (front.program(self.place), *unique.values())
