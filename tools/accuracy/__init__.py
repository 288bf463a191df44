"""How right the builtin engines are: each part measured on labelled pictures."""
