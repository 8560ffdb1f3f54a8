"""Listeners that show the journal: plain, jsonl, live. The only place that prints."""
