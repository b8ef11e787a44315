"""What we do inside a database server, on whichever engine it runs."""
