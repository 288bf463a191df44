"""Putting a cut-out onto a canvas: its size and place, what is behind it, and how the two are joined."""
