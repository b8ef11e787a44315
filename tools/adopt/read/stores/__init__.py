"""Databases, caches and other servers that the service needs."""
