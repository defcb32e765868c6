"""Pure values: fields, kinds, model names, windows, texts and errors; no framework but words."""
