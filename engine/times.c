#include "engine/times.h"

void wr_times_init(wr_times *t, wr_arena *a, uint32_t producers, uint32_t parts)
{
	*t = (wr_times){ .producers = producers, .parts = parts, .highest = WR_TIME_NONE };
	t->told = WR_NEW_ARRAY(a, int64_t, (size_t)producers * parts + 1);
	for (size_t i = 0; i < (size_t)producers * parts; i++)
		t->told[i] = WR_TIME_NONE;
}

void wr_times_tell(wr_times *t, uint32_t producer, const int64_t *times)
{
	int64_t *mine = t->told + (size_t)producer * t->parts;

	for (uint32_t p = 0; p < t->parts; p++) {
		if (times[p] != WR_TIME_SILENT && times[p] > t->highest)
			t->highest = times[p];
		mine[p] = times[p];
	}
}

static int64_t least(const wr_times *t, uint32_t part)
{
	int64_t time = WR_TIME_SILENT;

	for (uint32_t u = 0; u < t->producers; u++) {
		int64_t told = t->told[(size_t)u * t->parts + part];

		time = told < time ? told : time;
	}
	return time;
}

void wr_times_merged(const wr_times *t, int64_t *out)
{
	for (uint32_t p = 0; p < t->parts; p++)
		out[p] = least(t, p);
}

int64_t wr_times_watermark(const wr_times *t)
{
	int64_t mark = WR_TIME_SILENT;

	for (uint32_t p = 0; p < t->parts; p++) {
		int64_t time = least(t, p);

		mark = time < mark ? time : mark;
	}
	return mark == WR_TIME_SILENT ? t->highest : mark;
}
