SELECT ms AS x FROM clicks WHERE ms
