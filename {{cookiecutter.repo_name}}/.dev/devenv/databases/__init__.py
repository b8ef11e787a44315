# Owner: the template. Do not edit: updates replace this file.
"""What we do inside a database server, on whichever engine it runs."""
