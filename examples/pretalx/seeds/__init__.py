"""pretalx's own demo data as data scenarios: made once only, by a command that lies in its exit status."""
