"""Objects in a bucket of any server that speaks S3; the one door for boto3 as far as objects go."""
