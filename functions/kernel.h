/*
 * Help for writing kernels: loops over arguments that are FLAT or CONST, one body for all of them.
 *
 *	static void eval_hypot(WR_KERNEL)
 *	{
 *		WR_EACH2(double, double, double, hypot(x, y))
 *	}
 *
 * The bodies see x (and y) and must be fine with any value: at null rows of a STRICT function they
 * see garbage.
 */
#ifndef FUNCTIONS_KERNEL_H
#define FUNCTIONS_KERNEL_H

#include "functions/function.h"

/* The parameters of a kernel. */
#define WR_KERNEL wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out

/* r[i] = body(x) */
#define WR_EACH1(TX, TR, body)                                                                     \
	do {                                                                                       \
		const TX *xs_ = args[0]->data;                                                     \
		TR *r_ = out->data;                                                                \
		uint32_t n_ = cx->rows, step_ = args[0]->kind == WR_FLAT;                          \
                                                                                                   \
		(void)nargs;                                                                       \
		for (uint32_t i = 0; i < n_; i++) {                                                \
			TX x = xs_[i * step_];                                                     \
			r_[i] = (TR)(body);                                                        \
		}                                                                                  \
	} while (0)

/* r[i] = body(x, y), with loops of their own for a constant on either side */
#define WR_EACH2(TX, TY, TR, body)                                                                 \
	do {                                                                                       \
		const TX *restrict xs_ = args[0]->data;                                            \
		const TY *restrict ys_ = args[1]->data;                                            \
		TR *restrict r_ = out->data;                                                       \
		uint32_t n_ = cx->rows;                                                            \
                                                                                                   \
		(void)nargs;                                                                       \
		if (args[0]->kind == WR_FLAT && args[1]->kind == WR_FLAT) {                        \
			for (uint32_t i = 0; i < n_; i++) {                                        \
				TX x = xs_[i];                                                     \
				TY y = ys_[i];                                                     \
				r_[i] = (TR)(body);                                                \
			}                                                                          \
		} else if (args[0]->kind == WR_FLAT) {                                             \
			TY y = ys_[0];                                                             \
			for (uint32_t i = 0; i < n_; i++) {                                        \
				TX x = xs_[i];                                                     \
				r_[i] = (TR)(body);                                                \
			}                                                                          \
		} else {                                                                           \
			uint32_t step_ = args[1]->kind == WR_FLAT;                                 \
			TX x = xs_[0];                                                             \
			for (uint32_t i = 0; i < n_; i++) {                                        \
				TY y = ys_[i * step_];                                             \
				r_[i] = (TR)(body);                                                \
			}                                                                          \
		}                                                                                  \
	} while (0)

/* The value of an argument at a row, any kind. */
#define WR_ARG(type, k, row) (((const type *)args[k]->data)[wr_vec_at(args[k], (row))])

/* Places for results that are texts or bytes, and appending one to a list's elements. */
static inline void wr_out_str(wr_vec *out, uint32_t row, wr_str s)
{
	((wr_str *)out->data)[row] = s;
}

static inline void wr_push_str(wr_vec *v, wr_arena *a, wr_str s)
{
	wr_vec_resize(v, a, v->n + 1);
	((wr_str *)v->data)[v->n - 1] = s;
}

#endif
