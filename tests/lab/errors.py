"""The two ways a lab can fail to be there."""

from __future__ import annotations


class LabError(Exception):
    """A part of the lab failed; the message names the part and shows the end of its log."""


class LabUnavailable(LabError):
    """This machine cannot run the lab; the message says what is missing, one reason a line."""
