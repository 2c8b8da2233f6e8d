"""The kernel: settings, problems, clock, principal, http and database. It knows no noun of the product."""
