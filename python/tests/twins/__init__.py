"""Random bulk updates, done by the engine on one table and by Django on its twin."""
