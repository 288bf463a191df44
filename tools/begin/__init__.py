"""The beginning of a workspace: its first settings, and whether a trigger is one."""
