"""One door a tool or service: each module speaks our nouns and raises our errors, and knows nothing of steps' order."""
