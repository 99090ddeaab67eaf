"""A fake AWS endpoint: any AWS SDK reads the same made-up estate from it, with the speed and the faults wanted."""
