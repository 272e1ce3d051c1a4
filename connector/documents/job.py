"""What the child is asked for, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass


class Unreadable(Exception):
    """The file cannot be read: a stable code, and what to say behind the field's name."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code, self.says = code, says


@dataclass(frozen=True)
class Job:
    """What is asked. ``pictures``: none, thin (of pages with little text) or all; ``pages`` are numbers from 1, empty for all."""

    kind: str
    pictures: str
    most_pages: int
    most_pictures: int
    most_pixels: int
    most_patches: int
    pages: tuple[int, ...]

    def wanted(self, count: int) -> list[int]:
        """The pages to read of a file that has ``count``; ``Unreadable`` when these are more than may be read, or not there."""
        if self.pages and (missing := [page for page in self.pages if page > count]):
            raise Unreadable("no_such_page", f"has {count:,} pages; there is no page {missing[0]:,}.")
        found = list(self.pages) or list(range(1, count + 1))
        if len(found) > self.most_pages:
            words = f"has {len(found):,} pages to read; {self.most_pages:,} are read at most."
            raise Unreadable("too_many_pages", words)
        return found


@dataclass(frozen=True)
class Read:
    """One page as it was read; ``picture`` is (media, width, height, bytes). ``seen``: nothing of it was left unread."""

    number: int
    text: str
    picture: tuple[str, int, int, bytes] | None = None
    seen: bool = True
