"""How the site is configured and served."""
