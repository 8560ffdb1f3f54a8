"""The verdict on a rollout: pure functions over observed objects; no I/O, no clock of its own."""
