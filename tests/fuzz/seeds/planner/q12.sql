SELECT page FROM clickz
