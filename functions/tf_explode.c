/* Table functions: EXPLODE, CUBE_EXPLODE. */
#include "functions/families.h"
#include "functions/kernel.h"

static void eval_explode(WR_KERNEL)
{
	(void)cx, (void)nargs;
	*out = *args[0];
}

enum { MOST_CUBE_COLUMNS = 20 };

/*
 * The combination of one row: bit k from the left says whether element k stays; elements that are
 * null anyway stay out.
 */
static void push_combination(wr_fn_cx *cx, const wr_vec *elements, wr_list list, uint32_t mask,
			     wr_vec *rows)
{
	uint32_t begin = wr_vec_list_begin(rows);

	for (uint32_t k = 0; k < list.n; k++)
		if (mask >> (list.n - 1 - k) & 1)
			wr_vec_push(&rows->kids[0], cx->arena, elements, list.at + k, false);
		else
			wr_vec_push_null(&rows->kids[0], cx->arena);
	wr_vec_list_end(rows, cx->arena, begin);
}

/* The columns that are null give the same row with and without them: only without. */
static uint32_t null_mask(const wr_vec *elements, wr_list list)
{
	uint32_t mask = 0;

	for (uint32_t k = 0; k < list.n; k++)
		if (wr_vec_is_null(elements, list.at + k))
			mask |= 1u << (list.n - 1 - k);
	return mask;
}

static void eval_cube(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_list list;
		uint32_t begin, nulls;

		if (wr_fn_push_null(cx, out, i))
			continue;
		list = WR_ARG(wr_list, 0, i);
		if (list.n > MOST_CUBE_COLUMNS) {
			wr_fn_fail(cx, out, i, "CUBE_EXPLODE of more than %d columns",
				   MOST_CUBE_COLUMNS);
			continue;
		}
		nulls = null_mask(&args[0]->kids[0], list);
		begin = wr_vec_list_begin(out);
		for (uint32_t mask = 0; list.n && mask < 1u << list.n; mask++)
			if (!(mask & nulls))
				push_combination(cx, &args[0]->kids[0], list, mask, &out->kids[0]);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

const wr_udtf wr_udtfs_explode[] = {
	{ "EXPLODE", "ARRAY<T>", "T", eval_explode, "A row for each element of the array.",
	  "EXPLODE(ARRAY[1, 2]) => 1, 2" },
	{ "CUBE_EXPLODE", "ARRAY<T>", "ARRAY<T>", eval_cube,
	  "A row for each combination of the columns in the array, the others null.",
	  "CUBE_EXPLODE(ARRAY[1, 2]) => ARRAY[NULL, NULL], ARRAY[NULL, 2], ARRAY[1, NULL], ARRAY[1, 2]" },
	{ 0 },
};
