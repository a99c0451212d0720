"""What the catalogue offers for a question, and how it is told."""
