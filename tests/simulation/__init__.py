"""A deterministic simulation: histories of runs, batches and webhooks under faults, from a seed.

    python -m tests.simulation --seed 7 --count 100

The store (SQLite), the ledger, the runner, batches, recovery and the sender of webhooks are the
real ones. Simulated are the clock, the threads (greenlets, of which a seeded scheduler runs one at
a time), the provider, the receivers, the job engine, and the moments at which things go wrong.
"""
