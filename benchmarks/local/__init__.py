"""The local platform: seconds of a deploy, what the front costs, memory; `make bench-local`."""
