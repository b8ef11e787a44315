"""The pages of the site: models of our own on Wagtail's page model."""
