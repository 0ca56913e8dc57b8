"""The Fluentd Forward protocol, v1: decoding and handshake without sockets, and the server."""
