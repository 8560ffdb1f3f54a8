"""Measurements side by side, each a table; `make bench` runs them all."""
