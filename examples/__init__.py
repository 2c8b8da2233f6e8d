"""The sample matter that `redwell demo` plays with, and the script that makes it."""
