# SPDX-License-Identifier: Apache-2.0
dist_man1_MANS = packaging/weir.1
EXTRA_DIST += packaging/README.md packaging/Containerfile packaging/build-deb packaging/weir.service \
	packaging/weir@.service packaging/weir.default packaging/debian/control packaging/debian/copyright \
	packaging/debian/conffiles packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm

# The package of the program as it is built; packaging/README.md
.PHONY: deb
deb: weir$(EXEEXT)
	$(srcdir)/packaging/build-deb --build . --output .
