"""Care: whether the files of a workspace are what the manifest says, and what to do where they are not."""
