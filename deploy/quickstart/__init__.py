"""What `deploy/up` does: from a fresh machine to a running Wholelog with a sample task. Standard library only.

It runs before the package's dependencies are installed, so of our own rooms it uses only what needs none of them.
"""
