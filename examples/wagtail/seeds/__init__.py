"""Data scenarios: the same rows on every machine, run as often as one likes.

What is there already is left as it is, so that an editor's changes outlive the next seed.
"""
