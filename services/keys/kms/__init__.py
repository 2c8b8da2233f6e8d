"""AWS KMS as the keeper of root keys: the one door for boto3 beside the store's."""
