"""Calls that leave this machine and cost money: asked once, written down before, kept within rates and a budget."""
