"""What a person sees while it runs: a few lines that are drawn anew on a terminal, one line now and then in a pipe."""

import shutil
import time
from typing import TextIO

from shop.loadgen.plan import Plan
from shop.loadgen.tally import OUTCOMES, Tally, at, took

COLOURS = (36, 33, 35, 34, 32, 96, 93, 95)
"""A terminal's colours for releases, in the order in which they were first seen; red is for failures."""

PIPE_SECONDS = 10.0

_BAD = (OUTCOMES.index("failed"), OUTCOMES.index("dropped"))


class Live:
    """Draws a run on `out`."""

    def __init__(self, plan: Plan, tally: Tally, out: TextIO) -> None:
        self._plan, self._tally, self._out = plan, tally, out
        self._terminal = out.isatty()
        self._lines = 0
        self._start = self._said = time.monotonic()

    def draw(self, *, last: bool = False) -> None:
        """The state of the run as of now; to be called some times a second."""
        now = time.monotonic()
        if self._terminal:
            lines = [self._headline(now), *self._releases(), self._strip()]
            back = f"\x1b[{self._lines}F" if self._lines else ""
            self._out.write(back + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[J")
            self._lines = len(lines)
        elif now - self._said >= PIPE_SECONDS or last:
            self._out.write(self._headline(now) + "\n")
            self._said = now
        self._out.flush()

    def _headline(self, now: float) -> str:
        tally, plan = self._tally, self._plan
        recent = took(tally.took[-min(len(tally.took), 2000) :])
        of = f" of {plan.seconds:g}" if plan.seconds else ""
        if self._terminal and shutil.get_terminal_size().columns < 80:
            well, bad, lost = tally.count("ok", "sold out"), tally.count("failed"), tally.count("dropped")
            return self._cut(f"{now - self._start:.0f}{of} s  {well} ok  {bad} bad  {lost} drop")
        return self._cut(
            f"{now - self._start:.0f}{of} s  {plan.rate:g}/s  answered {tally.count('ok', 'sold out')}  "
            f"failed {tally.count('failed')}  dropped {tally.count('dropped')}  p99 {at(recent, 99):.0f} ms"
        )

    def _releases(self) -> list[str]:
        counts = [0] * len(self._tally.releases.known)
        recent = self._tally.release[-min(len(self._tally.release), max(1, int(self._plan.rate * 5))) :]
        for number in recent:
            counts[number] += 1
        total, width = max(1, len(recent)), self._bar()
        rows = []
        for name, number in self._tally.releases.known.items():
            filled = round(width * counts[number] / total)
            bar = _coloured("█" * filled, number) + " " * (width - filled)
            rows.append(f"  {bar} {counts[number] * 100 // total:3} %  " + self._cut(name_of(*name), width + 10))
        return rows

    def _bar(self) -> int:
        return max(5, min(20, shutil.get_terminal_size().columns - 36))

    def _strip(self) -> str:
        """The last seconds as blocks: the colour is the release that answered most, red where something failed."""
        width = max(10, min(60, shutil.get_terminal_size().columns - 4))
        seconds: dict[int, dict[int, int]] = {}
        failed: set[int] = set()
        tally = self._tally
        newest = int(tally.due[-1]) if tally.due else 0
        for index in range(len(tally.due) - 1, -1, -1):
            second = int(tally.due[index])
            if second <= newest - width - 1:
                break
            counts = seconds.setdefault(second, {})
            counts[tally.release[index]] = counts.get(tally.release[index], 0) + 1
            if tally.outcome[index] in _BAD:
                failed.add(second)
        blocks = (
            "\x1b[31m▇\x1b[0m" if second in failed else _coloured("▇", max(counts, key=lambda n: counts[n]))
            for second, counts in sorted(seconds.items())[-width:]
        )
        return "  " + "".join(blocks)

    def _cut(self, line: str, less: int = 0) -> str:
        return line[: shutil.get_terminal_size().columns - 1 - less] if self._terminal else line


def name_of(service: str, release: str) -> str:
    """A release for people: its service and the first twelve characters of its name."""
    short = release.removeprefix("sha256:")[:12] or "no answer"
    return f"{service} {short}".strip()


def _coloured(text: str, number: int) -> str:
    return f"\x1b[{COLOURS[number % len(COLOURS)]}m{text}\x1b[0m"
