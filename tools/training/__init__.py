"""What trainers are given and what they make of it: targets, folder formats, the check before the swap."""
