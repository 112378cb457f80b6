#include "functions/function.h"

#include <stdarg.h>
#include <stdio.h>

void wr_fn_fail(wr_fn_cx *cx, wr_vec *out, uint32_t row, const char *format, ...)
{
	va_list ap;

	if (row < out->n)
		wr_vec_set_null(out, cx->arena, row);
	else
		wr_vec_push_null(out, cx->arena);
	if (wr_fn_null(cx, row))
		return;
	if (!cx->failed)
		cx->failed = wr_arena_zalloc(cx->arena, cx->rows);
	cx->failed[row] = 1;
	cx->failures++;
	va_start(ap, format);
	vsnprintf(cx->last_failure, sizeof(cx->last_failure), format, ap);
	va_end(ap);
}
