#include "sinks/sink_list.h"

static const wr_sink_def *const sinks[] = {
	&wr_sink_kafka, &wr_sink_log,	&wr_sink_memory, &wr_sink_csv,
	&wr_sink_http,	&wr_sink_email, &wr_sink_sqlite,
};

const wr_sink_def *wr_sink_find(wr_str type)
{
	for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
		if (wr_str_ieq(type, wr_str_of(sinks[i]->type)))
			return sinks[i];
	return NULL;
}
