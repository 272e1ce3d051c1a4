"""Runs that are carried out, waited for, handed over and taken up again; batches of them; messages about them."""
