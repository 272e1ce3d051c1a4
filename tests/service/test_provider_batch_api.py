"""The provider's batch API: files of any size, limits, and error messages without secrets."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from connector.errors import ProviderError
from connector.providers.hosted import batch_api, transport
from connector.providers.hosted.batch_api import BatchClient
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from tests.support.economy_harness import KEY, BatchHarness, batch_harnesses
from tests.support.samples import ROOT


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BatchHarness]]:
    with batch_harnesses(tmp_path, monkeypatch) as make:
        yield make


@contextmanager
def elsewhere() -> Iterator[BatchClient]:
    """The way to a provider that is another process, whose memory is not ours."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.upstream"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout
            settings = Settings(
                openai_base_url=running.stdout.readline().strip(), openai_api_key=KEY
            )
            provider = OpenAIProvider(settings, load_models())
            yield BatchClient(provider, "o4-mini")
            if provider._connected:
                provider._connected.close()
        finally:
            running.terminate()


def test_large_files_are_not_held_in_memory() -> None:
    """Files of any size go there and back piece by piece."""
    line = (
        b'{"custom_id": "a", "response": {"status_code": 200, "body": {"x": "'
        + b"y" * 100_000
        + b'"}}}\n'
    )
    with elsewhere() as far, TemporaryFile() as file:
        file.write(line * 300)
        with pytest.raises(ProviderError):
            far.get("batch_none")  # what is loaded at the first call does not count
        tracemalloc.start()
        try:
            file_id = far.upload("rows.jsonl", file)
            sent = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            with far.result_lines(file_id) as lines:
                assert sum(1 for _ in lines) == 300
            came = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sent < 5_000_000 and came < 5_000_000


def test_limits_of_a_download(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of answers that is larger than it may be, or comes too slowly, is given up, and
    nothing of it is taken."""
    desk = desks(trouble={"GET /v1/files/{id}/content": ["drip"]})
    far = desk.service.provider_batches.context().client
    with TemporaryFile() as file:
        file.write(b'{"custom_id": "a"}\n' * 100_000)
        file_id = far.upload("rows.jsonl", file)
    monkeypatch.setattr(batch_api, "_FILE_SECONDS", 0.5)
    with pytest.raises(ProviderError) as slow, far.result_lines(file_id) as lines:
        list(lines)
    assert slow.value.code == "provider_timeout"
    monkeypatch.setattr(batch_api, "_FILE_SECONDS", 30.0)
    monkeypatch.setattr(transport, "MAX_DOWNLOAD_BYTES", 1_000_000)
    with (
        pytest.raises(ProviderError, match="larger than allowed") as large,
        far.result_lines(file_id) as lines,
    ):
        list(lines)
    assert large.value.code == "provider_bad_reply"
    monkeypatch.setattr(transport, "MAX_DOWNLOAD_BYTES", 3_000_000)
    with far.result_lines(file_id) as lines:
        assert sum(1 for _ in lines) == 100_000


def test_ids_that_cannot_be_ids(
    desks: Callable[..., BatchHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server calls a file or a batch never becomes another address."""
    desk = desks()
    far = desk.service.provider_batches.context().client
    monkeypatch.setattr(
        OpenAIProvider,
        "call_api",
        lambda *_: {"id": "../models", "status": "completed", "output_file_id": "a/../b"},
    )
    with TemporaryFile() as file, pytest.raises(ProviderError, match="an invalid id"):
        far.upload("rows.jsonl", file)
    with pytest.raises(ProviderError, match="an invalid id"):
        far.get("batch_a")


def test_words_of_the_provider(desks: Callable[..., BatchHarness]) -> None:
    """A provider's words are quoted short and without anything that looks like a key."""
    far = desks().service.provider_batches.context().client
    said = f"Key {KEY} and sk-other12345 are wrong. " + "x" * 1_000
    for found in (
        far.creation_error(batch_api.BatchStatus("a", "failed", 1, 0, 0, (), (("odd", said),))),
        far.parse_line(None, None, batch_api.BatchResultLine("a", 0, None, "odd", said)).error,  # type: ignore[arg-type, union-attr]
    ):
        assert "[hidden]" in found.detail and "sk-" not in found.detail and len(found.detail) < 400
    assert (
        far.creation_error(batch_api.BatchStatus("a", "failed", 1, 0, 0, (), ())).detail
        == "The provider did not accept the batch."
    )
