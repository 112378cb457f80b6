/*
 * file_bench FILE [RECORD]: how fast lines of a file become records, without decoding.
 *
 *	gcc -std=gnu11 -O2 -DNDEBUG -I. -D_GNU_SOURCE tests/perf/file_bench.c -Wl,--start-group build/release/lib*.a …
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "sources/source.h"

enum { AT_ONCE = 1024 };

static wr_err err;

static void check(wr_status status)
{
	if (status == WR_OK)
		return;
	fprintf(stderr, "file_bench: %s\n", err.message);
	exit(1);
}

int main(int argc, char **argv)
{
	static wr_record got[AT_ONCE];
	const wr_source_def *def = wr_source_find("file");
	wr_source_spec s = { .kind = "file", .file_records = argc > 2 };
	wr_io io = { 0 };
	int64_t records = 0, bytes = 0, begun = wr_clock_mono_ns();
	uint32_t taken = 1;
	int32_t n;
	wr_reader *r;

	if (argc < 2) {
		fprintf(stderr, "usage: file_bench FILE [RECORD]\n");
		return 2;
	}
	s.file = wr_str_of(argv[1]);
	check(def->partitions(&io, &s, &n, &err));
	wr_position *p = wr_calloc((size_t)n, sizeof *p);

	check(def->resolve(&io, &s, p, n, &err));
	int64_t opened = wr_clock_mono_ns();

	check(def->open(&io, &s, p, n, &r, &err));
	while (taken) {
		check(def->poll(r, got, AT_ONCE, 0, &taken, &err));
		for (uint32_t i = 0; i < taken; i++)
			bytes += got[i].value.n;
		records += taken;
		def->release(r);
	}
	int64_t end = wr_clock_mono_ns();

	printf("%d partitions in %.0f ms; %lld records, %lld bytes of values in %.0f ms: %.2f "
	       "GB/s, %.0f ns a record\n",
	       n, (double)(opened - begun) / 1e6, (long long)records, (long long)bytes,
	       (double)(end - opened) / 1e6, (double)p[0].end / (double)(end - opened),
	       (double)(end - opened) / (double)records);
	def->close(r);
	free(p);
	return 0;
}
