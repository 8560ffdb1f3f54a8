"""The verdict on a rollout: pure functions over observed objects; no I/O, no clock of its own.

`judge` is the door. Objects are the API's own JSON as dictionaries, so an observation can be written down and replayed.
"""

from cloudnorth_cli.rollout.observed import Object, Observed, Seen, Tracked
from cloudnorth_cli.rollout.verdict import judge
from cloudnorth_cli.rollout.world import World

__all__ = ["Object", "Observed", "Seen", "Tracked", "World", "judge"]
