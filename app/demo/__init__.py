"""Demo data: real makes and models, invented people and prices."""
