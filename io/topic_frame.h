/*
 * A frame: one record of an embedded topic as bytes. All numbers little-endian.
 *
 *	size      u32  of the whole frame, this head included
 *	writer    u32  number of its writer; 0: none, the frame was decided when it was written
 *	check     u64  XXH3 of everything behind it, seeded with size and writer
 *	epoch     u64
 *	offset    i64
 *	time      i64  ms
 *	key_n     u32  0xffffffff: null
 *	value_n   u32  0xffffffff: null
 *	nheaders  u32
 *	zero      u32
 *	key, value, then per header: name_n u32, value_n u32 (0xffffffff: null), name, value
 */
#ifndef IO_TOPIC_FRAME_H
#define IO_TOPIC_FRAME_H

#include "core/record.h"

typedef struct wr_frame {
	uint32_t size, writer;
	uint64_t check, epoch;
	int64_t offset, time;
	uint32_t key_n, value_n, nheaders, zero;
} wr_frame;

_Static_assert(sizeof(wr_frame) == 56, "the head of a frame is part of the format on disk");

/* Appends the frame of a record. False when it would be 2 GiB or more. */
bool wr_frame_put(wr_buf *out, const wr_record *rec, int64_t offset, uint32_t writer,
		  uint64_t epoch);
/* The head of the frame at p; n: bytes that are there. False when the frame is not all there. */
bool wr_frame_head(wr_frame *f, const char *p, size_t n);
/* The same, and its bytes are what was written. */
bool wr_frame_whole(wr_frame *f, const char *p, size_t n);
/*
 * The record of a whole frame; strings point into it, headers are made in the arena. partition is
 * not set.
 */
void wr_frame_record(const wr_frame *f, const char *p, wr_arena *a, wr_record *out);

/* For small side files: XXH3, cut to 32 bits. */
uint32_t wr_frame_check32(const void *p, size_t n);

#endif
