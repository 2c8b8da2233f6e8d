"""`redwell keys`: what an operator decides about keys, on the machine that has them."""
