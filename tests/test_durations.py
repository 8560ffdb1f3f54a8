import pytest

from cloudnorth_cli import durations


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("1h1m1s", 3661), ("0s", 0)]
)
def test_a_duration_is_so_many_seconds(text: str, seconds: float) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5d", "30m1h", "1.5h", "5m\n", "٣m"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        durations.seconds(text)
