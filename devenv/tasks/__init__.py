"""The invoke tasks: parse flags, call one operation, render its result."""
