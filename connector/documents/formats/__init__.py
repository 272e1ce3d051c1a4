"""Readers of kinds of files: office documents, mails, books, texts. They run in the child process.

Each gives its content in reading order (``flow``), from which pages are made; a new kind is a
module and a row in ``documents/kinds.py``.
"""
