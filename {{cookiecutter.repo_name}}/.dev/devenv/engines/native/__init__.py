# Owner: the template. Do not edit: updates replace this file.
"""The engine that is no container engine: the app and its databases are processes of this machine."""
