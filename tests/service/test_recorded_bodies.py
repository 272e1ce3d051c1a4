"""Bodies and mails as other programs wrote them are read to the last character.

`tests/spec/clients.json` holds the bytes, each with the program that wrote them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.json_types import Json
from connector.settings import Settings
from tests.support.doors import DOORS
from tests.support.upstream import FakeUpstream, Script, automatic
from tests.support.web_app import WebApp, build_web_app

CLIENTS: dict[str, Json] = json.loads(
    (Path(__file__).parents[1] / "spec" / "clients.json").read_text(encoding="utf-8")
)
MAILS = [name for name in CLIENTS if name.startswith("mail")]
FILES = [name for name in CLIENTS if name.startswith("files")]
FORMS = [name for name in CLIENTS if name not in {*MAILS, *FILES}]
CATEGORIES = "complaint: angry about a problem\npraise: thanks, happy, solved"
NEWEST = {
    "mail, ISO-2022-JP": "ありがとうございます。解決しました。",
    "mail, Outlook's charset": "Thanks, that solved it! – café",
}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    app = build_web_app(Settings(engine="local", data_dir=tmp_path_factory.mktemp("local")), "test")
    yield app
    app.close()


@pytest.fixture(scope="module", params=["responses", "chat"])
def hosted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[WebApp, FakeUpstream]]:
    """An application on a fake provider, in each dialect."""
    with FakeUpstream(Script([automatic], repeat=True)) as upstream:
        settings = Settings(
            engine="openai",
            dialect=request.param,
            openai_base_url=upstream.base_url,
            openai_api_key="k",
            retired="error",
            data_dir=tmp_path_factory.mktemp(request.param),
        )
        app = build_web_app(settings, "test")
        yield app, upstream
        app.close()


def sent(name: str) -> Json:
    client = CLIENTS[name]
    return {"data": base64.b64decode(client["body"]), "content_type": client["content_type"]}


def message_of(upstream: FakeUpstream) -> str:
    """What the model was given to read, and the names that it may choose."""
    return json.dumps(upstream.requests[-1]["body"], ensure_ascii=False)


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, local: WebApp, hosted: tuple[WebApp, FakeUpstream]) -> None:
    """A text with an umlaut and an ampersand, and a list whose names have colons, arrive whole."""
    assert local.post(**sent(name)).status_code == 200
    app, upstream = hosted
    assert app.post(**sent(name)).status_code == 200
    read = message_of(upstream)
    assert "Größe & mehr" in read and "tech: x" in read.replace("\\", "")


@pytest.mark.parametrize("name", FILES)
def test_several_files(name: str, local: WebApp) -> None:
    """Several files of one field arrive under a repeated name, with brackets and with numbers."""
    body: Any = local.post("answer", **sent(name)).json
    assert body["answer"] == "37"
    assert body["quotes"][0]["quote"] == "The Lisbon office employs 37 people."
    assert body["page_count"] == 2


@pytest.mark.parametrize("door", [door for door in DOORS if door != "hook"])
@pytest.mark.parametrize("name", MAILS)
def test_mails(name: str, door: str, local: WebApp) -> None:
    """The source of a mail is read as its newest message, without attachments or markup; one in
    Japanese has no category, since the engine does not read it."""
    text = sent(name)["data"].decode()
    form = {"text": text, "categories": CATEGORIES, "read_text": True}
    status, body = DOORS[door](local, "classify", form)
    category = None if "JP" in name else "praise"
    assert (status, body["category"]) == (200, category), body
    _, _, read = body["read_text"].partition("\n\n")
    assert read.splitlines()[0] == NEWEST.get(name, "Thanks, that solved it!")
    assert "<" not in re.sub(r"<\w+@example\.com>", "", read)  # of the headers of older messages
    assert len(read) < 300
