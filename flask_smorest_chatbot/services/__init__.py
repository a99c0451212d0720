"""What the plugin does, below the routes: no Flask request here."""
