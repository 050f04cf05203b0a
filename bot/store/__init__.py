"""What the shop remembers: models, sessions, migrations, the demo shop, the platform port."""
