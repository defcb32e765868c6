"""Task types of the product itself, one file each."""
