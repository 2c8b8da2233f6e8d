"""The inbox: what waits for somebody in the organization that they act for."""
