"""Stamps: which steps make need not look at, because nothing that they depend on has changed."""
