#include "sinks/witness.h"

#include <stdio.h>

#include "core/number.h"

void wr_witness_put(wr_buf *mark, const char *incarnation, int64_t witness)
{
	wr_buf_printf(mark, "%s %lld", incarnation, (long long)witness);
}

int64_t wr_witness_get(wr_str mark, const char *incarnation)
{
	size_t n = strlen(incarnation);
	int64_t witness;

	if (mark.n < n + 2 || memcmp(mark.p, incarnation, n) || mark.p[n] != ' ' ||
	    !wr_parse_i64((wr_str){ mark.p + n + 1, mark.n - (uint32_t)n - 1 }, &witness))
		return -1;
	return witness;
}

static wr_status contradiction(const wr_witness *w, const uint64_t *pending, wr_err *err)
{
	char says[32] = "no epoch at all", other[40] = "";

	if (w->found >= 0)
		snprintf(says, sizeof says, "epoch %lld", (long long)w->found);
	if (pending)
		snprintf(other, sizeof other, " or %llu", (unsigned long long)*pending);
	wr_err_set(
	    err, WR_ERR_STATEMENT, WR_NO_SPAN,
	    "%s says that %s was the last one committed to %.*s, but the data directory knows of epoch %lld%s",
	    w->who, says, WR_STR_ARG(w->where), (long long)w->known, other);
	return wr_err_hint(
	    err,
	    "is one of the two an old copy? To go on from the data directory all the same: "
	    "weir recover %s --data DIR --assume committed|aborted",
	    w->incarnation);
}

wr_status wr_witness_judge(const wr_witness *w, const uint64_t *pending, bool *committed,
			   wr_err *err)
{
	*committed = pending && w->found == (int64_t)*pending;
	if (!*committed && w->known >= 0 && w->found != w->known)
		return contradiction(w, pending, err);
	return WR_OK;
}
