"""Areas of a page, measured in the cells of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector.documents.pdf_words import Box

_GRID = 64  # cells across and down the page
CELLS = _GRID * _GRID

Cells = set[tuple[int, int]]


class PageGrid:
    """The page as a grid of cells, in which areas are marked, joined and compared."""

    def __init__(self, page: Box) -> None:
        self.page = page
        self._wide = max(page.right - page.left, 1.0) / _GRID
        self._high = max(page.top - page.bottom, 1.0) / _GRID

    def cells(self, boxes: Iterable[Box]) -> Cells:
        """The cells whose middle, or at least one of which, is in a box."""
        found: Cells = set()
        for box in boxes:
            columns = self._range(box.left, box.right, self.page.left, self._wide)
            rows = self._range(box.bottom, box.top, self.page.bottom, self._high)
            found.update((column, row) for column in columns for row in rows)
        return found

    @staticmethod
    def _range(start: float, end: float, origin: float, size: float) -> range:
        first = int((start - origin) / size + 0.5)
        last = max(first + 1, int((end - origin) / size + 0.5))
        return range(max(first, 0), min(last, _GRID))

    def parts(self, cells: Cells, near: Cells) -> Iterator[Cells]:
        """The parts of ``cells`` that are connected with each other by cells of ``near``."""
        left = cells | near
        while left:
            yield _flood(left) & cells

    def box(self, cells: Cells) -> Box:
        """The box around ``cells``, at least one."""
        columns = [column for column, _ in cells]
        rows = [row for _, row in cells]
        return Box(
            self.page.left + min(columns) * self._wide,
            self.page.bottom + min(rows) * self._high,
            self.page.left + (max(columns) + 1) * self._wide,
            self.page.bottom + (max(rows) + 1) * self._high,
        )


def _flood(left: Cells) -> Cells:
    """Take the cells that are connected with one of ``left`` out of it."""
    stack = [left.pop()]
    part = set(stack)
    while stack:
        column, row = stack.pop()
        for cell in [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]:
            if cell in left:
                left.remove(cell)
                stack.append(cell)
                part.add(cell)
    return part
