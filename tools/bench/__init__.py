"""Speed and memory, measured in one run against a peer or a floor."""
