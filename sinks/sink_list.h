/* One row per type of sink. */
#ifndef SINKS_SINK_LIST_H
#define SINKS_SINK_LIST_H

#include "sinks/sink.h"

extern const wr_sink_def wr_sink_csv, wr_sink_email, wr_sink_http, wr_sink_kafka, wr_sink_log,
    wr_sink_memory, wr_sink_sqlite;

#endif
