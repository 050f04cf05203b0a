"""和气 Heqi: settles after-sales cases of small online shops."""
