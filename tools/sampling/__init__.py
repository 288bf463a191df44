"""Sampling: what lies in the raw folders by its headers alone, and a fair sample of it."""
