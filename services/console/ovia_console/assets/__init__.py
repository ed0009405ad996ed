"""What a browser loads beside the pages: styles and scripts, ours and fetched ones."""
