"""The data of a service: what is live, what is stored, and how one takes the place of the other."""
