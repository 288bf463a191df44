"""Choosing few images among many: moments, scores, quotas, difference."""
