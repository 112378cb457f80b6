#include "sources/source_list.h"

static const wr_source_def *const sources[] = {
	&wr_source_file,
	&wr_source_kafka,
	&wr_source_log,
	&wr_source_memory,
};

const wr_source_def *wr_source_find(const char *kind)
{
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (strcmp(sources[i]->kind, kind) == 0)
			return sources[i];
	return NULL;
}
