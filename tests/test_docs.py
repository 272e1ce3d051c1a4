"""The documentation's tables agree with the code."""

from __future__ import annotations

import re
from pathlib import Path

from connector.errors import KINDS

ROOT = Path(__file__).resolve().parent.parent


def test_errors_page_lists_every_code_with_its_status() -> None:
    """docs/errors.md has each error code once, with the status it is sent with."""
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    listed = {}
    for row in re.findall(r"^\| (`[^|]+`) \| (\d{3}) \|", page, re.MULTILINE):
        for code in re.findall(r"`(\w+)`", row[0]):
            assert code not in listed, code
            listed[code] = int(row[1])
    assert listed == {code: kind.status for code, kind in KINDS.items()}


def test_architecture_names_every_room() -> None:
    """docs/architecture.md names every package and top module of connector/, so that its picture stays true."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [path for path in (ROOT / "connector").iterdir() if path.name != "__pycache__" and not path.name.startswith("__")]
    missing = [room.name for room in rooms if room.is_dir() and f"`{room.name}/`" not in page]
    missing += [room.name for room in rooms if room.suffix == ".py" and f"`{room.name}`" not in page]
    assert missing == []
