SET 'parallelism.default' = '0'
