"""Foreign shapes: our steps inside other tools, and other tools' readers as our inputs. Nothing of ours imports this."""
