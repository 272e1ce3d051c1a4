"""The routes of the console; its pages are rendered by ``connector.console``."""
