"""One plain function a verb: arguments in, model out, steps journalled. No Typer, no Rich, no SDK."""
