"""Inspection: whether every stage ran right, by the manifest and by the files; not whether a picture is good."""
