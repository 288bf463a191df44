"""What a caption says of a cut-out: colours, light and framing measured from its pixels, and the words for them."""
