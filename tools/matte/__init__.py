"""Cutting a person out: where a body may be, colour models, edges, soft outlines, clean edge colours."""
