"""The actions and their fields are the same in the catalogue, in the files of every platform, and
in the MCP tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.catalogue import Catalogue, load_catalogue, read_file
from connector.catalogue.action import ENVELOPE
from connector.catalogue.answer import flat_schemas
from connector.publish import platforms
from connector.publish.mcp import GET_RUN, tools
from connector.publish.operation import STREAM_OPTIONS
from tests.platforms.test_publish import ODD_ACTION
from tests.support.platform_readers import NOT_OF_ACTIONS, READERS, Found, PublishedAction
from tests.support.samples import ROOT


@pytest.fixture(scope="module", params=["prebuilt", "with an operator's own action"])
def catalogue(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Catalogue:
    """The prebuilt actions; and those with one more, which has a field of every type."""
    prebuilt = load_catalogue()
    if request.param == "prebuilt":
        return prebuilt
    path = tmp_path_factory.mktemp("actions") / "odd_job.yaml"
    path.write_text(ODD_ACTION)
    return Catalogue([*prebuilt.values(), read_file(path)])


def files_of(platform: str, catalogue: Catalogue) -> dict[str, bytes]:
    """What a platform's build gives, gone on with from what is kept in the project."""
    return platforms.build_all(
        catalogue, platforms=[platform], previous_build=platforms.read_previous_build(ROOT)
    )


def declared(catalogue: Catalogue) -> Found:
    """What the catalogue itself says."""
    return {
        action.id: PublishedAction(
            frozenset(action.form), frozenset([*ENVELOPE, *flat_schemas(action)])
        )
        for action in catalogue.values()
    }


def differences(found: Found, catalogue: Catalogue) -> list[str]:
    """A line for each thing that is missing in ``found``, or is not in the catalogue. Not every
    platform can read events."""
    wanted = declared(catalogue)
    lines = [f"{name}: the action is only on one side" for name in set(found) ^ set(wanted)]
    for name in sorted(set(found) & set(wanted)):
        lines += [
            f"{name}: {field} is missing"
            for field in wanted[name].fields - found[name].fields - set(STREAM_OPTIONS)
        ]
        lines += [
            f"{name}: there is no field {field}"
            for field in found[name].fields - wanted[name].fields
        ]
        values = found[name].values
        lines += (
            [
                f"{name}: {value} is only on one side"
                for value in (wanted[name].values or set()) ^ values
            ]
            if values is not None
            else []
        )
    return lines


def test_every_platform_is_read() -> None:
    """Each platform that is built has its reader, or says nothing of actions; so a new one cannot
    be forgotten here."""
    missing = set(platforms.PLATFORMS) - set(READERS) - NOT_OF_ACTIONS
    assert not missing, f"tests/support/platform_readers.py has no reader for {missing}"
    assert set(READERS) | NOT_OF_ACTIONS == set(platforms.PLATFORMS)


@pytest.mark.parametrize("platform", READERS)
def test_a_platform_has_the_actions_and_fields_of_the_catalogue(
    platform: str, catalogue: Catalogue
) -> None:
    """No action and no field is missing there, and none is there that the catalogue does not have;
    the same for values of answers."""
    assert differences(READERS[platform](files_of(platform, catalogue)), catalogue) == []


@pytest.mark.parametrize("platform", READERS)
def test_the_committed_files_say_the_same(platform: str) -> None:
    """So do the files as they lie in the project."""
    prebuilt = load_catalogue()
    files = {path: (ROOT / path).read_bytes() for path in files_of(platform, prebuilt)}
    assert differences(READERS[platform](files), prebuilt) == []


def test_tools_have_the_actions_and_fields_of_the_catalogue(catalogue: Catalogue) -> None:
    """An assistant's tools are the actions, and the one that fetches a run."""
    found = {tool["name"]: tool for tool in tools(catalogue)}
    assert list(found) == [*catalogue, GET_RUN]
    for name, one in declared(catalogue).items():
        assert frozenset(found[name]["inputSchema"]["properties"]) == one.fields - set(
            STREAM_OPTIONS
        )
        assert one.values is not None
        assert one.values <= frozenset(found[name]["outputSchema"]["properties"])


def test_a_reader_sees_what_is_missing(catalogue: Catalogue, tmp_path: Path) -> None:
    """Files of a catalogue that lacks an action, or a field, are not taken for those of this
    one."""
    fewer = Catalogue([action for action in catalogue.values() if action.id != "classify"])
    for platform, read in READERS.items():
        found = differences(read(files_of(platform, fewer)), catalogue)
        assert found == ["classify: the action is only on one side"], platform
    text = (ROOT / "templates" / "classify.yaml").read_text()
    path = tmp_path / "classify.yaml"
    path.write_text(text.replace("  multiple:", "  several:").replace("multiple", "several"))
    other = Catalogue([*fewer.values(), read_file(path)])
    for platform, read in READERS.items():
        found = differences(read(files_of(platform, other)), catalogue)
        assert found == ["classify: multiple is missing", "classify: there is no field several"], (
            platform
        )
