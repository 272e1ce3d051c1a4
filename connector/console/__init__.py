"""The pages that people see, as HTML; the routes to them are in ``web/``."""
