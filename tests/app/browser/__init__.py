"""Tests of the pages in Chromium, some with axe-core; `python -m tests.app.browser` installs both."""
