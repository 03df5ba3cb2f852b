SELECT p FROM slow WHERE p <> 'q'
