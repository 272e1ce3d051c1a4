"""The files of the Batch API: what is uploaded, and what a batch writes."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any

from tests.support.upstream.dialects import Body
from tests.support.upstream.errors import Refused, missing, refuse, unknown, wrong_value
from tests.support.upstream.wire import Reply, json_reply

FILES_PATH = "/v1/files"
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
EXPIRY = {"expires_after[anchor]", "expires_after[seconds]"}
KEPT = 30 * 86_400
MOST_BYTES = 200 << 20


@dataclass(frozen=True)
class File:
    """One file; `created` and `expires` are seconds since 1970."""

    id: str
    name: str
    purpose: str
    content: bytes
    created: int
    expires: int | None

    def shown(self) -> Body:
        """The file as the API shows it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "expires_at": self.expires,
            "status_details": None,
        }


class Files:
    """The files of one server, each until it is deleted."""

    def __init__(self, now: Callable[[], float], most_bytes: int) -> None:
        self._now = now
        self._most_bytes = most_bytes
        self._files: dict[str, File] = {}

    @property
    def kept(self) -> list[File]:
        """The files that are not deleted, the oldest first."""
        return list(self._files.values())

    def upload(self, form: Body) -> Body:
        """Keep an uploaded file; what is in it, the service looks at later."""
        for name, kind in (("file", dict), ("purpose", str)):
            if not isinstance(form.get(name), kind):
                raise Refused(missing(name))
        if extra := form.keys() - {"file", "purpose"} - EXPIRY:
            raise Refused(unknown(min(extra)))
        purpose, name, content = form["purpose"], form["file"]["filename"], form["file"]["content"]
        if purpose not in PURPOSES:
            raise Refused(wrong_value("purpose", purpose, PURPOSES))
        if purpose == "batch" and not name.endswith(".jsonl"):
            raise Refused(refuse("Invalid file format for Batch API. Must be .jsonl", None, None))
        if purpose == "batch" and len(content) > self._most_bytes:
            message = f"The batch input file is larger than the {self._most_bytes} maximum."
            raise Refused(refuse(message, "file", "file_too_large", status=413))
        keep = form.get("expires_after[seconds]")
        return self.add(name, purpose, content, KEPT if keep is None else int(keep)).shown()

    def add(self, name: str, purpose: str, content: bytes, keep: int | None = None) -> File:
        """Keep a file; `keep` is after how many seconds it says that it expires."""
        created = int(self._now())
        expires = None if keep is None else created + keep
        file = File(f"file-{secrets.token_hex(11)}", name, purpose, content, created, expires)
        self._files[file.id] = file
        return file

    def find(self, id: str) -> File:
        """A file by its id."""
        if id not in self._files:
            raise Refused(refuse(f"No such File object: {id}", "id", None, status=404))
        return self._files[id]

    def get(self, path: str) -> Reply:
        """A file, or its content."""
        file_id, _, rest = path.removeprefix(f"{FILES_PATH}/").partition("/")
        if path == FILES_PATH or rest not in ("", "content"):
            raise Refused(refuse(f"Invalid URL (GET {path})", None, None, status=404))
        file = self.find(file_id)
        if not rest:
            return json_reply(file.shown())
        return Reply(200, file.content, {"Content-Type": "application/octet-stream"})

    def delete(self, path: str) -> Reply:
        """Forget a file."""
        file = self.find(path.removeprefix(f"{FILES_PATH}/"))
        del self._files[file.id]
        return json_reply({"id": file.id, "object": "file", "deleted": True})


def read_form(content_type: str, raw: bytes) -> Body:
    """The fields of a multipart body: texts, and {"filename", "content"} for each file."""
    about = Message()
    about["Content-Type"] = content_type
    boundary = about.get_boundary()
    if not content_type.startswith("multipart/form-data") or boundary is None:
        raise Refused(
            refuse(
                "Invalid Content-Type header: expected multipart/form-data with a boundary.",
                None,
                None,
            )
        )
    return dict(_field(part) for part in (b"\r\n" + raw).split(f"\r\n--{boundary}".encode())[1:-1])


def _field(part: bytes) -> tuple[str, Any]:
    head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    about = message_from_bytes(head)
    name, filename = about.get_param("name", "", "content-disposition"), about.get_filename()
    return str(name), content.decode("utf-8", "replace") if filename is None else {
        "filename": filename,
        "content": content,
    }
