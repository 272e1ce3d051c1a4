"""The classic app: one page with a tab for each action, made of Retool's own widgets and wired to
queries of one resource.

A query runs when a person presses Run and never by itself, since each run may cost money. When a
run takes longer than the caller waits, a second query polls it until it is finished.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

from connector.catalogue import Catalogue
from connector.publish.retool.app_page import page
from connector.publish.retool.app_queries import answer_file, answer_script, queries
from connector.publish.retool.toolscript import Element, positions, resolve_ids, write_rsx

RESOURCE_PLACEHOLDER = "00000000-0000-4000-8000-000000000000"
_PAGE_UUID = str(uuid.uuid5(uuid.NAMESPACE_URL, "formcall:retool:app"))
_METADATA = {
    "toolscriptVersion": "1.0.0",
    "version": "43.0.9",
    "pageUuid": _PAGE_UUID,
    "appTemplate": {
        "appMaxWidth": "100%",
        "appThemeId": -1,
        "experimentalFeatures": {"object": {"sourceControlTemplateDehydration": False}},
        "notificationsSettings": {
            "object": {
                "globalQueryShowFailureToast": True,
                "globalQueryShowSuccessToast": False,
                "globalQueryToastDuration": 4.5,
            }
        },
        "version": "3.338.0",
    },
}
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date in a ZIP file


def build_app(catalogue: Catalogue, resource_uuid: str) -> dict[str, str]:
    """The app's files by their paths below its folder; without the id of a resource they contain
    ``RESOURCE_PLACEHOLDER``."""
    actions = list(catalogue.values())
    elements = [
        query
        for action in actions
        for query in queries(action, resource_uuid or RESOURCE_PLACEHOLDER)
    ]
    functions = Element("GlobalFunctions", children=tuple(elements))
    tree = Element("", children=(page(actions, hint=not resource_uuid), functions))
    main, functions = resolve_ids(tree).children
    return {
        "main.rsx": write_rsx(main),
        "functions.rsx": write_rsx(functions),
        ".positions.json": _json(positions(main)),
        "metadata.json": _json(_METADATA),
        **{answer_file(action): answer_script(action) for action in actions},
    }


def zipped(files: Mapping[str, str]) -> bytes:
    """The files as a reproducible ZIP: not compressed, without dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, text in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _ZIP_EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode())
    return buffer.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
