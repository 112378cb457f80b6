#include "planner/impl.h"

enum { DAY_MS = 86400000 };

static wr_status positive(const wr_duration *d, const char *what, wr_err *err)
{
	if (d->ms > 0)
		return WR_OK;
	return WR_REFUSE(err, d->span, "a window's %s is longer than nothing", what);
}

static wr_status check_retention(const wr_ast_window *w, const wr_window_spec *s, wr_err *err)
{
	if (!w->retention.given || w->retention.ms >= s->size + s->grace)
		return WR_OK;
	WR_REFUSE(err, w->retention.span,
		  "RETENTION is shorter than the window and its grace together");
	return wr_err_hint(err, "at least %lld milliseconds", (long long)(s->size + s->grace));
}

wr_status wr_window_read(wr_planner *p, const wr_ast_window *w, bool emit_final,
			 wr_window_spec *out, wr_err *err)
{
	(void)p;
	*out = (wr_window_spec){ .size = w->size.ms };
	if (positive(&w->size, w->kind == WR_AST_SESSION ? "gap" : "SIZE", err))
		return WR_FAIL;
	switch (w->kind) {
	case WR_AST_TUMBLING:
		out->kind = WR_WINDOW_TUMBLING;
		out->advance = out->size;
		break;
	case WR_AST_HOPPING:
		out->kind = WR_WINDOW_HOPPING;
		out->advance = w->advance.ms;
		if (positive(&w->advance, "ADVANCE BY", err))
			return WR_FAIL;
		if (out->advance > out->size)
			return WR_REFUSE(
			    err, w->advance.span,
			    "ADVANCE BY is longer than SIZE: rows between two windows would "
			    "be in none");
		break;
	case WR_AST_SESSION: out->kind = WR_WINDOW_SESSION; break;
	}
	if (w->grace.given)
		out->grace = w->grace.ms;
	else if (!emit_final && out->size < DAY_MS)
		out->grace = DAY_MS - out->size;
	if (out->grace < 0)
		return WR_REFUSE(err, w->grace.span, "GRACE PERIOD is below zero");
	out->retention = w->retention.given ? w->retention.ms : 0;
	return check_retention(w, out, err);
}
