"""Where the numbers come from: the product beside baselines that are built here, in one run."""
