"""The README and the pages that it leads to first are run: their commands, the action file, the
table of actions, links and addresses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
import requests

from connector.catalogue import load_catalogue
from connector.settings import Settings
from tests.support.running_service import RunningService, clean_environment
from tests.support.samples import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        "docs/no-code.md",
        "docs/adding-an-action.md",
        "docs/measurements.md",
    )
}
MOST_WORDS = 950
LOCAL = "http://127.0.0.1:8080"
# `make` sets up a whole environment and `formcall serve` goes on for ever; CI runs the first, the
# fixture `live_local` is the second
NOT_HERE = re.compile(r"^\s*(?:make|formcall serve)\b")
VARIABLES = {str(entry.metadata["variable"]): entry for entry in fields(Settings)}
KEY_VARIABLE = re.compile(r"^(export \w+)=fc_\S*", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its content, and the text before it."""

    page: str
    language: str
    content: str
    before: str

    @property
    def name(self) -> str:
        return re.sub(r"\W+", " ", self.content)[:40].strip()


def _blocks() -> Iterator[Block]:
    for page, text in PAGES.items():
        for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
            yield Block(page, match[1], match[2], text[: match.start()])


BLOCKS = list(_blocks())
SCRIPTS = [block for block in BLOCKS if block.language == "sh"]


def _commands(block: Block) -> str:
    """The block without the lines that are not run here."""
    return "\n".join(line for line in block.content.splitlines() if not NOT_HERE.match(line))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are run: the examples, and each YAML block as the file that the sentence
    before it names."""
    path = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", path / "examples")
    for block in BLOCKS:
        if block.language == "yaml":
            name = re.findall(r"`([\w./-]+\.ya?ml)`", block.before)[-1]
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(block.content, encoding="utf-8")
    return path


@pytest.mark.parametrize("block", SCRIPTS, ids=[block.name for block in SCRIPTS])
def test_commands(block: Block, folder: Path, live_local: RunningService) -> None:
    """Each command works as shown; only the service's address and key are put in."""
    script = KEY_VARIABLE.sub(rf"\1={live_local.key}", _commands(block)).replace(
        LOCAL, live_local.address
    )
    if "curl" in script and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    command = ["sh", "-euc", script]
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    if "curl" in script:
        answer = json.loads(done.stdout)
        assert answer["ok"] is True, answer


def test_commands_are_shown() -> None:
    """The pages show how to start, how to call with curl, and what to do on the command line."""
    shown = "".join(block.content for block in SCRIPTS)
    for words in (
        "make run",
        "make test",
        "curl ",
        *(f"formcall {name} " for name in ("run", "check", "build", "key create", "doctor")),
    ):
        assert words in shown


def test_make_targets() -> None:
    """Each `make` command that is shown is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert (
        set(re.findall(r"\bmake ([a-z]+)", "".join(block.content for block in SCRIPTS))) <= targets
    )


def test_the_action_file_is_run() -> None:
    """There is an action file to copy, and the commands after it check it, run it and build from
    it."""
    [block] = [block for block in BLOCKS if block.language == "yaml"]
    page = PAGES[block.page]
    following = page[page.index(block.content) + len(block.content) :]
    name = re.findall(r"`([\w./-]+)\.yaml`", block.before)[-1].rpartition("/")[2]
    script = re.search(r"^```sh\n(.*?)^```$", following, re.M | re.S)
    assert script is not None
    assert f"formcall run {name} " in script[1]


def test_json_blocks() -> None:
    """What is shown as JSON is JSON."""
    for block in BLOCKS:
        if block.language == "json":
            json.loads(block.content)


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``heading``."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-| :]+\n((?:\|.*\n)+)", README, re.M)
    assert table is not None, heading
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in table[1].splitlines()
    ]


def test_the_table_of_actions() -> None:
    """The README lists the prebuilt actions, all of them and no other."""
    named = [name for row in _rows("action") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(named) == list(load_catalogue())


def test_settings_that_are_named() -> None:
    """Every variable that the pages name is a setting, but for the one of their own curl line."""
    text = "\n".join(PAGES.values())
    own = {name.removeprefix("export ") for name in KEY_VARIABLE.findall(text)}
    assert set(re.findall(r"\b(?:FORMCALL|OPENAI)_[A-Z_]+\b", text)) <= set(VARIABLES) | own


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Each file that a page links to exists."""
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", PAGES[page])
    folder = (ROOT / page).parent
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_readme_is_short() -> None:
    """The README can be read in five minutes; everything else is in docs/."""
    assert len(README.split()) <= MOST_WORDS


def test_addresses(live_local: RunningService) -> None:
    """Each address of the service that the pages name is served."""
    paths = set(
        re.findall(
            r"`(?:http://[\w.:-]+)?(/(?:docs|healthz|readyz|openapi|swagger)[\w./-]*)`",
            "\n".join(PAGES.values()),
        )
    )
    assert len(paths) >= 4
    for path in paths:
        assert (
            requests.get(
                f"{live_local.address}{path}", headers=live_local.headers, timeout=10
            ).status_code
            == 200
        ), path
