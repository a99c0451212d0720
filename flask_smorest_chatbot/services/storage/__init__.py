"""Conversations and turns in the host's database."""
