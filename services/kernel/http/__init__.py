"""HTTP ground: how an operation is declared, how JSON is read, how an answer is dressed."""
