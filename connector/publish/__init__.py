"""The files that other tools import, built from the catalogue alone; the build is reproducible.

``platforms.py`` builds the files of all platforms; a service imports only the specifications.
"""
