"""Data scenarios: the same rows on every machine, run as often as one likes."""
