"""mkdocs hook: links from a page to files outside docs/ become plain text with the file's path.

A page links to such a file relatively (``../../bubble/INSTALL.md``), which works where the
repository is shown. On the site these files do not exist.
"""

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page without links that lead out of docs/."""
    folder = posixpath.dirname(page.file.src_uri)

    def replace(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2]))
        return f"{match[1]} (`{target.lstrip('./')}`)" if target.startswith("../") else match[0]

    return _LINK.sub(replace, markdown)
