"""How right the engines are: each part measured on labelled pictures."""
