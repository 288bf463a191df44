"""What people are told: tables for the terminal, words for numbers, and why an item is in or out."""
