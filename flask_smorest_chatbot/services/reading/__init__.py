"""From what a model writes to clean prose and recommendations of things on offer."""
