/* One row per kind of source. */
#ifndef SOURCES_SOURCE_LIST_H
#define SOURCES_SOURCE_LIST_H

#include "sources/source.h"

extern const wr_source_def wr_source_file, wr_source_kafka, wr_source_log, wr_source_memory;

#endif
