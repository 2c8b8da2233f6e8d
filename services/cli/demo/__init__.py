"""`redwell demo`: the main job, played for real against an instance that is thrown away afterwards."""
