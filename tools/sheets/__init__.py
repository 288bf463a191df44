"""Contact sheets: many small pictures with their words, on one page."""
