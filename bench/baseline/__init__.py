"""The original chatbot's design, rebuilt on the same tables: what we are compared with."""
