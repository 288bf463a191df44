"""The light table: the pages on which people look at a workspace and decide. Started by `tools.review`.

How to add a page is told in docs/lighttable-pages.md. Nothing here needs a build step, and no page asks another host.
"""
