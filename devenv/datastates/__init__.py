"""The data of a service: the live data, the stored states, and how they replace each other."""
