"""The documentation site is built without a warning, its generated pages follow the code, and its
pages keep to their width."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.build_reference import FOLDER, pages

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = 100
MOST_IN_CELL = 120
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_site_is_built(tmp_path: Path) -> None:
    """`make docs` builds every page; a broken link or a page outside the navigation stops it."""
    command = [
        *(sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"),
        *("--site-dir", str(tmp_path / "site")),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert (tmp_path / "site" / "reference" / "actions" / "index.html").is_file()


@pytest.mark.parametrize("name", pages())
def test_generated_pages_follow_the_code(name: str) -> None:
    """Actions, settings and commands are documented as the code declares them."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name]


def test_pages_keep_to_their_width() -> None:
    """Text is wrapped at 100 columns, and no table cell is longer than 120 characters."""
    too_wide = []
    for path in PAGES:
        is_code = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.lstrip().startswith("```"):
                is_code = not is_code
            elif line.startswith("|"):
                if any(len(cell.strip()) > MOST_IN_CELL for cell in line.split("|")):
                    too_wide.append(f"{path.relative_to(ROOT)}:{number}")
            elif (
                len(line) > COLUMNS
                and not is_code
                and not re.fullmatch(r"\S+|.*https?://\S+.*", line)
            ):
                too_wide.append(f"{path.relative_to(ROOT)}:{number}")
    assert too_wide == []
