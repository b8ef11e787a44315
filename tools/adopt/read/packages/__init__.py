"""Manifests and locks: the language, its version, the packages, and what installs them."""
