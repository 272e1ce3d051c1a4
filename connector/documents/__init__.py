"""Documents and images that callers send: fetched through the guarded way, recognised by their bytes, read in a process of their own.

    Files (as sent) ──> intake: fetch · recognise ──> child process: decode within limits ──> Files with pages

What strangers send is decoded by large libraries, so that happens in a child that has no secrets, little memory and little time.
"""
