"""The program Tesseract: a picture goes in, words with boxes and confidences come out."""

from __future__ import annotations

import csv
import ctypes
import io
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from connector.documents.layout.words import Word
from connector.documents.ocr.rulings import remove_rulings

PROGRAM = "tesseract"
_PAGE_SECONDS = 30.0  # for one page
_MAX_OUTPUT = 20_000_000  # bytes
_MAX_WORDS = 20_000  # of a page
_PR_SET_PDEATHSIG = 1
_WORD_LEVEL = "5"
# a threshold for each part of the page: light falls unevenly on a photo
_THRESHOLD = ("-c", "thresholding_method=2")
_LANGUAGE = re.compile(r"[A-Za-z0-9_]{1,40}")


@cache
def installed_languages() -> tuple[str, ...]:
    """The languages that Tesseract has here, such as eng and deu; none without the program."""
    if not shutil.which(PROGRAM):
        return ()
    try:
        listed = subprocess.run(  # noqa: S603  the program is named above
            [PROGRAM, "--list-langs"],
            capture_output=True,
            timeout=_PAGE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    names = listed.stdout.decode("utf-8", "replace").split("\n")[1:]
    return tuple(name for name in map(str.strip, names) if _LANGUAGE.fullmatch(name))


def find_words(
    image: Any, languages: Sequence[str], seconds: float = _PAGE_SECONDS
) -> list[Word] | None:
    """The words in a grey image, with boxes in its pixels.

    None when Tesseract failed, or took longer than ``seconds``.
    """
    options = ["-l", "+".join(languages), "--psm", "3", *_THRESHOLD, "tsv"]
    table = _run(remove_rulings(image), options, min(seconds, _PAGE_SECONDS))
    return None if table is None else list(_words(table))


def _run(image: Any, options: Sequence[str], seconds: float) -> str | None:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    try:
        done = subprocess.run(  # noqa: S603  the program is named above, the options are ours
            [PROGRAM, "stdin", "stdout", *options],
            input=out.getvalue(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            preexec_fn=_end_with_parent,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode:
        return None
    return done.stdout[:_MAX_OUTPUT].decode("utf-8", "replace")


def _end_with_parent() -> None:
    """Let the system end Tesseract when the process ends that started it, even by a signal."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _words(table: str) -> Iterator[Word]:
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = 0
    for row in rows:
        text = (row.get("text") or "").strip()
        if row.get("level") != _WORD_LEVEL or not text:
            continue
        words += 1
        if words > _MAX_WORDS:
            return
        left, top = float(row["left"]), float(row["top"])
        right, bottom = left + float(row["width"]), top + float(row["height"])
        confidence = max(0.0, min(float(row["conf"]) / 100, 1.0))
        yield Word(text, left, top, right, bottom, confidence)
