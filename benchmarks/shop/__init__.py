"""The shop against the same three routes in Express: `make bench-shop`. What is measured, and how: docs/shop.md."""
