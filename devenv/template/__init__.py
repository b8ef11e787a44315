"""What the template has for a service: the contract's tests, and newer releases."""
