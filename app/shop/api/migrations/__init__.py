"""The schema's history. Revisions are four digits in order; within a release they only add (docs/shop.md)."""
