"""The database as both services use it: connections, transactions, migrations, statements; knows no service."""
