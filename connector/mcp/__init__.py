"""The actions as tools of the Model Context Protocol: its messages, methods and results.

``web/mcp.py`` and ``stdio.py`` are the transports. The service stores nothing between two
messages, so any process may answer any of them. Both generations of the protocol are supported:
clients that begin with a handshake (until 2025-11-25), and those that state their version in each
request (from 2026-07-28).
"""
