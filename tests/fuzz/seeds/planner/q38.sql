SELECT message FROM error_stream
