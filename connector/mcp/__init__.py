"""The actions as tools of the Model Context Protocol: its messages, and what they lead to; ``web/mcp.py`` and ``stdio.py`` carry them.

The service keeps nothing between two messages, so any process may answer any of them. Both generations of the protocol are spoken:
clients that shake hands first (until 2025-11-25), and those that send their version with each request (from 2026-07-28).
"""
