"""Which of the deployment's stores a firm's new content lies in."""
