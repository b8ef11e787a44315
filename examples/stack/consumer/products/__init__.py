"""What is for sale, and the page that shows it."""
