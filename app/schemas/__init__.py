"""What goes in and out of the API: types, bounds and examples."""
