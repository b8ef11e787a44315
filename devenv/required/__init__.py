"""The services that this one requires: their versions, their checkouts, and the protocol that drives them."""
