/* Base64: the alphabet with + and /, padded with =. */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include "core/buf.h"

/* Bytes that decoding n characters may give at most. */
#define WR_BASE64_ROOM(n) ((size_t)(n) / 4 * 3 + 3)

/*
 * Writes the bytes to `to` (WR_BASE64_ROOM) and their number to *n. false: other characters or a
 * length that no bytes have; *n is then not set.
 */
bool wr_base64_decode(wr_str text, char *to, uint32_t *n);
/* Decodes into the arena; padding may be left out. */
bool wr_base64_read(wr_arena *a, wr_str text, wr_str *out);
void wr_base64_encode(wr_str bytes, wr_buf *out);

#endif
