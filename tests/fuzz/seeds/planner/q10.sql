SELECT Page FROM clicks
