#include "engine/graph.h"

static uint32_t lone_scans(const wr_stage *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->ninputs; i++)
		n += s->inputs[i].scan >= 0;
	return s->ninputs > 1 ? n : 0;
}

/* A stage that only reads scan and sends its rows on by their whole key. */
static wr_stage reading_stage(wr_arena *a, const wr_graph *g, const wr_stage_input *in)
{
	wr_stage_input *input = WR_NEW(a, wr_stage_input);

	*input = (wr_stage_input){ .scan = in->scan, .stage = -1, .first = in->first };
	return (wr_stage){ .ninputs = 1,
			   .inputs = input,
			   .hash_cols = g->scans[in->scan].decode->schema->nkeys };
}

/*
 * Copies stage `from`, putting reading stages before it in out[*n]; number[] maps old stage numbers
 * to new ones.
 */
static void copy_stage(wr_arena *a, const wr_graph *g, uint32_t from, wr_stage *out, uint32_t *n,
		       int32_t *number)
{
	wr_stage s = g->stages[from];
	wr_stage_input *inputs = WR_NEW_ARRAY(a, wr_stage_input, s.ninputs);
	bool apart = lone_scans(&s) > 0;

	for (uint32_t i = 0; i < s.ninputs; i++) {
		inputs[i] = s.inputs[i];
		if (inputs[i].scan < 0) {
			inputs[i].stage = number[inputs[i].stage];
		} else if (apart) {
			out[*n] = reading_stage(a, g, &s.inputs[i]);
			inputs[i].scan = -1;
			inputs[i].stage = (int32_t)(*n)++;
		}
	}
	s.inputs = inputs;
	number[from] = (int32_t)*n;
	out[(*n)++] = s;
}

const wr_graph *wr_graph_for_tasks(wr_arena *a, const wr_graph *g, uint16_t ntasks)
{
	uint32_t more = 0, n = 0;

	for (uint32_t i = 0; i < g->nstages; i++)
		more += lone_scans(&g->stages[i]);
	if (ntasks == 1 || more == 0)
		return g;
	wr_graph *copy = WR_NEW(a, wr_graph);
	wr_stage *stages = WR_NEW_ARRAY(a, wr_stage, g->nstages + more);
	int32_t *number = WR_NEW_ARRAY(a, int32_t, g->nstages);

	for (uint32_t i = 0; i < g->nstages; i++)
		copy_stage(a, g, i, stages, &n, number);
	*copy = *g;
	copy->stages = stages;
	copy->nstages = n;
	return copy;
}
