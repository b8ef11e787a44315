"""The services that this one requires: versions, checkouts, and the protocol that controls them."""
