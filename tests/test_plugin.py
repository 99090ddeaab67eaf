"""What is asked of plugins, whatever they do."""

from pathlib import Path

import pytest

from syncd.installed import link


def test_a_collector_that_cannot_say_where_a_page_is_keeps_nobody_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "broken-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[syncd.collectors]\nbroken = nowhere.at.all:it\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert link("broken", {"kind": "box"}) == link("missing", {"kind": "box"}) == ""
