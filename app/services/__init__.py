"""What the site does. No service reads ``request``; errors are those of ``app.errors``."""
