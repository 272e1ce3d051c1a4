"""Records of runs stay small: file contents are stored beside them for a day, and are available
when a run continues or is retried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, select, update

from connector.catalogue import load_catalogue
from connector.catalogue.files import data_url, read_files
from connector.engine.engine import Engine
from connector.errors import FormcallError
from connector.providers.pricing.models import load_models
from connector.providers.scripted import ScriptedProvider
from connector.runs.attachments import attach, detach
from connector.settings import Settings
from connector.store.blobs import BlobStore
from connector.store.database import open_database
from connector.store.ids import now_ms
from connector.store.retention import DAY_MS, Retention
from connector.store.tables import runs, stored_files
from tests.support.document_factory import filler, pdf
from tests.support.running_service import RunningService, serving
from tests.support.service_harness import get_run, hosted_environment, post_to_run, wait_until
from tests.support.upstream import FakeUpstream, function_call

NEEDLE = "The vault code of the Lisbon office is 48213."
PAPER = pdf([filler(1), [*filler(2), NEEDLE], filler(3)])
SENT = data_url(PAPER, name="a paper.pdf", media="application/pdf")
ASKED = {"question": "What is the vault code of the Lisbon office?", "sources": SENT}


def _post(service: RunningService, **fields: Any) -> requests.Response:
    body = {**ASKED, **fields}
    return requests.post(
        f"{service.address}/v1/actions/answer",
        json=body,
        headers={"X-API-Key": service.key},
        timeout=60,
    )


def _kept(folder: Path, run_id: str) -> tuple[str, list[bytes]]:
    """(the form in the run's record, all files that are kept)."""
    engine = create_engine(f"sqlite:///{folder / 'data' / 'formcall.db'}")
    with engine.connect() as connection:
        form = connection.execute(select(runs.c.form).where(runs.c.id == run_id)).scalar_one()
        files = list(connection.execute(select(stored_files.c.content)).scalars())
    engine.dispose()
    return form, files


def test_a_run_that_waits_has_its_file_beside_it(tmp_path: Path) -> None:
    """A run that is only queued is carried out from its record and the kept file; one that is
    answered at once keeps none."""
    with serving(tmp_path, FORMCALL_ENGINE="local") as service:
        at_once = _post(service).json()
        assert at_once["result"] == NEEDLE
        form, files = _kept(tmp_path, at_once["id"])
        assert len(form) < 400 and "a%20paper.pdf" in form and files == []
        told = _post(service, wait_seconds=0)
        assert told.status_code == 202
        found = wait_until(
            lambda: (body := get_run(service, told.json()["id"]))["status"] == "done" and body
        )
    assert found["result"] == NEEDLE and found["citations"][0]["source"] == "a paper.pdf"
    form, files = _kept(tmp_path, found["id"])
    assert len(form) < 400 and files == [PAPER]


def test_a_run_that_failed_is_tried_again_with_its_file(tmp_path: Path) -> None:
    """A failure that may pass keeps the file; retry reads it again, and says so when it has had its
    time."""
    answered = function_call(
        "answer",
        {"answer": "48213", "found": True, "quotes": [{"quote": NEEDLE, "file": None, "page": 1}]},
    )
    wrong = function_call("answer", {"answer": 5})
    with (
        FakeUpstream([wrong, wrong, answered]) as upstream,
        serving(tmp_path, **hosted_environment(upstream)) as service,
    ):
        failed = _post(service)
        assert failed.json()["retryable"], failed.text
        run_id = failed.json()["id"]
        assert _kept(tmp_path, run_id)[1] == [PAPER]
        assert post_to_run(service, run_id, "retry").status_code == 202
        found = wait_until(lambda: (body := get_run(service, run_id))["status"] == "done" and body)
        assert found["citations"][0] == {**found["citations"][0], "page": 2, "verified": True}


@pytest.fixture
def engine() -> Engine:
    catalogue = load_catalogue()
    return Engine(
        catalogue, ScriptedProvider(catalogue), load_models(), Settings(engine="scripted")
    )


def test_put_aside_and_brought_back(engine: Engine) -> None:
    """Addresses and small files stay in the form, larger ones are named; all come back in their
    order, as they were sent."""
    small = data_url(b"Small", media="text/plain", name="s;.txt")
    values = {
        "question": "?",
        "text": "typed",
        "sources": ["https://a.example/1", ASKED["sources"], small],
    }
    run = engine.prepare("answer", values)
    kept, contents = detach(run, values)
    assert list(contents.values()) == [PAPER]
    assert (
        kept["sources"][0] == "https://a.example/1"
        and len(str(kept)) < 500
        and kept["text"] == "typed"
    )
    back = attach(kept, lambda digests: {digest: contents[digest] for digest in digests})
    assert read_files(back["sources"], 20) == read_files(values["sources"], 20)
    with pytest.raises(FormcallError, match="stored for a day and has been deleted") as gone:
        attach(kept, lambda digests: {})
    assert gone.value.code == "conflict"


def test_nobody_asks_for_a_kept_file_by_its_name(engine: Engine) -> None:
    """The name in a record is no file in a form, so a caller cannot have another's file read to
    him."""
    values = {"question": "?", "sources": ASKED["sources"]}
    kept, _ = detach(engine.prepare("answer", values), values)
    with pytest.raises(FormcallError) as refused:
        engine.prepare("answer", kept)
    assert refused.value.errors[0].code == "bad_file"


def test_kept_files_have_their_time(tmp_path: Path) -> None:
    """The same file is kept once a key, another key does not see it, using it again keeps it for
    another day, then it goes."""
    database = open_database(Settings(data_dir=tmp_path))
    store, digest = BlobStore(database), BlobStore.digest(PAPER)
    for key in ("key_1", "key_1", "key_2"):
        store.save(key, {digest: PAPER})
    assert store.find("key_1", [digest]) == {digest: PAPER} and store.find("key_3", [digest]) == {}
    with database.begin() as connection:
        connection.execute(update(stored_files).values(kept_ms=now_ms() - DAY_MS - 1000))
    store.save("key_2", {digest: PAPER})
    gone = Retention(database).run_due(Settings(data_dir=tmp_path))
    assert gone["files of runs"] == 1
    assert store.find("key_1", [digest]) == {} and store.find("key_2", [digest]) == {digest: PAPER}
    database.dispose()
