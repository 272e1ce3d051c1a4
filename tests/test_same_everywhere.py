"""The actions and their fields are the same in the catalogue, in the files of every platform, and among an assistant's tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import publish
from connector.catalogue import Catalogue, load_catalogue, read_file
from connector.catalogue.action import ENVELOPE
from connector.catalogue.answer import flat_schemas
from connector.publish.mcp import GET_RUN, tools
from tests.conftest import ROOT
from tests.readers import NOT_OF_ACTIONS, READERS, Found, Seen
from tests.test_publish import ODD_ACTION


@pytest.fixture(scope="module", params=["prebuilt", "with an operator's own action"])
def catalogue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The prebuilt actions; and those with one more, which has a field of every type."""
    prebuilt = load_catalogue()
    if request.param == "prebuilt":
        return prebuilt
    path = tmp_path_factory.mktemp("actions") / "odd_job.yaml"
    path.write_text(ODD_ACTION)
    return Catalogue([*prebuilt.values(), read_file(path)])


def declared(catalogue: Catalogue) -> Found:
    """What the catalogue itself says."""
    return {
        action.id: Seen(frozenset(action.form), frozenset([*ENVELOPE, *flat_schemas(action)])) for action in catalogue.values()
    }


def test_every_platform_is_read() -> None:
    """Each platform that is built has its reader, or says nothing of actions; so a new one cannot be forgotten here."""
    assert set(READERS) | NOT_OF_ACTIONS == set(publish.PLATFORMS)
    assert not set(READERS) & NOT_OF_ACTIONS


@pytest.mark.parametrize("platform", READERS)
def test_a_platform_has_the_actions_and_fields_of_the_catalogue(platform: str, catalogue: Catalogue) -> None:
    """No action and no field is missing there, and none is there that the catalogue does not have; the same for values of answers."""
    found, wanted = READERS[platform](publish.PLATFORMS[platform](catalogue)), declared(catalogue)
    assert {name: one.fields for name, one in found.items()} == {name: one.fields for name, one in wanted.items()}
    for name, one in found.items():
        assert one.values is None or one.values == wanted[name].values, name


@pytest.mark.parametrize("platform", READERS)
def test_the_committed_files_say_the_same(platform: str) -> None:
    """So do the files as they lie in the project."""
    prebuilt = load_catalogue()
    files = {path: (ROOT / path).read_bytes() for path in publish.PLATFORMS[platform](prebuilt)}
    assert {name: one.fields for name, one in READERS[platform](files).items()} == {
        name: one.fields for name, one in declared(prebuilt).items()
    }


def test_tools_have_the_actions_and_fields_of_the_catalogue(catalogue: Catalogue) -> None:
    """An assistant's tools are the actions, and the one that fetches a run."""
    found = {tool["name"]: tool for tool in tools(catalogue)}
    assert list(found) == [*catalogue, GET_RUN]
    for name, one in declared(catalogue).items():
        assert frozenset(found[name]["inputSchema"]["properties"]) == one.fields
        assert one.values is not None
        assert one.values <= frozenset(found[name]["outputSchema"]["properties"])


def test_a_reader_sees_what_is_missing(catalogue: Catalogue, tmp_path: Path) -> None:
    """Files of a catalogue that lacks an action, or a field, are not taken for those of this one."""
    fewer = Catalogue([action for action in catalogue.values() if action.id != "classify"])
    for platform, read in READERS.items():
        assert set(read(publish.PLATFORMS[platform](fewer))) == set(catalogue) - {"classify"}, platform
    text = (ROOT / "templates" / "classify.yaml").read_text()
    path = tmp_path / "classify.yaml"
    path.write_text(text.replace("  multiple:", "  several:").replace("multiple", "several"))
    other = Catalogue([*fewer.values(), read_file(path)])
    for platform, read in READERS.items():
        found = read(publish.PLATFORMS[platform](other))["classify"].fields
        assert "several" in found and "multiple" not in found, platform
