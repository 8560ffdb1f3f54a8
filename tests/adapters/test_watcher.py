"""Saved files are told, once, and never missed."""

from __future__ import annotations

from pathlib import Path

from cloudnorth_cli.adapters import watcher


def test_what_is_saved_from_the_first_call_on_is_told(tmp_path: Path) -> None:
    folder, single = tmp_path / "a folder", tmp_path / "cloudnorth.yaml"
    folder.mkdir()
    single.write_text("one")
    batches = watcher.saved([folder, single])
    (folder / ".git").mkdir()
    (folder / ".git" / "index").write_text("no file of ours")
    (folder / "page.html").write_text("two")
    assert next(batches) == {folder / "page.html"}
    single.write_text("two")
    (folder / "new").write_text("new")  # while nobody waits
    assert next(batches) == {single, folder / "new"}
    (folder / "page.html").unlink()
    assert next(batches) == {folder / "page.html"}
