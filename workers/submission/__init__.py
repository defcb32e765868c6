"""The way in: resolve, store and publish runs; cancel them; do their work again."""
