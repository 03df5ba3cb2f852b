SELECT message FROM error_stream WHERE error_name = 'late_row'
