"""Windows: what people look at, whoever made the picture. Needs pygame-ce (the extra `play`)."""
