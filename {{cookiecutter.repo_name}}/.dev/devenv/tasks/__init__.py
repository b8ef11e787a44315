# Owner: the template. Do not edit: updates replace this file.
"""The invoke verbs: parse flags, call one operation, render its result."""
