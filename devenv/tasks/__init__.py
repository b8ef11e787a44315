"""The invoke verbs: parse flags, call one operation, render its result."""
