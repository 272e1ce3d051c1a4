"""CPU seconds and right characters of OCR on pages of 200 dpi that are rendered here.

python -m bench.ocr
"""

from __future__ import annotations

import resource
from dataclasses import replace

from connector.documents.job import DecodeJob
from connector.documents.ocr import ppocr, tesseract
from connector.documents.ocr.reading import read_image
from connector.documents.reading import MAX_PATCHES
from tests.support.document_factory import filler
from tests.support.scanned_pages import blurred, rendered, share_right, skewed

_JOB = DecodeJob("none", 1, 1, 60_000_000, MAX_PATCHES, ocr=("eng",), ocr_seconds=3_600.0)
RECOGNISERS = {
    "tesseract": tesseract.installed_languages,
    "ppocr": ppocr.installed_languages,
}


def main() -> None:
    lines = filler(3, lines=44)
    page = rendered(lines)
    images = {
        "clean": page,
        "skewed by 3 degrees": skewed(page, 3),
        "blurred": blurred(page),
        "skewed and blurred": blurred(skewed(page, -2.5)),
        "on its side": page.rotate(90, expand=True),
        "upside down": page.rotate(180),
    }
    for recogniser, installed_languages in RECOGNISERS.items():
        if "eng" not in installed_languages():
            print(f"{recogniser} is not installed")
            continue
        job = replace(_JOB, recogniser=recogniser)
        for name, image in images.items():
            before = _cpu_seconds()
            scan = read_image(image, job)
            used = _cpu_seconds() - before
            right = share_right(scan.builder.text, lines) if scan else 0.0
            print(f"{recogniser:10} {name:22} {used:5.1f} s CPU   {right:7.2%} of characters right")


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
