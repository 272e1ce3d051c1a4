"""OCR without a model: the words in the image of a page, with their places and confidences.

    image ──> upright, level, in a good size ──> Tesseract ──> words ──> layout ──> text and tables

Runs in the child process, which has limits of memory and time; Tesseract runs within the same.
"""
