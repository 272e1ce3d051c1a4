"""Formcall: no-code form fields in, answers a workflow can branch on out."""

__version__ = "0.1.0"
