"""Environment variables: ``reading`` finds their texts, the rest say what a text may be."""
