"""Who people are, and what other services may know of them."""
