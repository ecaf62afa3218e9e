"""What a value is worth: doubts are written beside it, it is never thrown away."""
