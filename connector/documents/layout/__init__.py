"""From positions to text: words with their places on a page become lines, blocks and tables.

    words (of a PDF's characters, or of OCR) ──> rows by baseline ──> columns, tables, blocks
    ──> the page's text in reading order

The words may come from any source; nothing here knows a file format.
"""
