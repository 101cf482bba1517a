# SPDX-License-Identifier: MIT
if HAVE_CRITERION
include $(top_srcdir)/tests/unit/data.mk
include $(top_srcdir)/tests/unit/host.mk
include $(top_srcdir)/tests/unit/flow.mk
include $(top_srcdir)/tests/unit/link.mk
include $(top_srcdir)/tests/unit/cap.mk
include $(top_srcdir)/tests/unit/http.mk
include $(top_srcdir)/tests/unit/live.mk
include $(top_srcdir)/tests/unit/post.mk
include $(top_srcdir)/tests/unit/endpoints.mk
include $(top_srcdir)/tests/unit/select.mk
include $(top_srcdir)/tests/unit/router.mk
include $(top_srcdir)/tests/unit/docs.mk
include $(top_srcdir)/tests/unit/views.mk
include $(top_srcdir)/tests/unit/auth.mk
include $(top_srcdir)/tests/unit/transport.mk
endif
