"""People in a frame: their crops, addresses, shots, and where the frame cuts them."""
