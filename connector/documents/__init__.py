"""Documents and images that callers send: fetched, recognised by their bytes, read in a child.

    Files (as sent) ──> intake: fetch · recognise ──> child process: decode within limits ──>
    Files with pages

Untrusted files are decoded by large libraries, so that happens in a child process without
secrets, with little memory and little time.
"""
