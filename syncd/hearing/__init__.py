"""Changes as providers tell them: a message names scopes, what is so is read; it is done with when that is kept."""
