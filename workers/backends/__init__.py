"""Model servers: hosts, what models write, and the client of each kind of server."""
