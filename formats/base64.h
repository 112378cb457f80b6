/* Base64 as Debezium, Connect and the dialect write bytes: the alphabet with + and /, padded with =. */
#ifndef FORMATS_BASE64_H
#define FORMATS_BASE64_H

#include "core/buf.h"

/* Bytes that decoding n characters may give at most. */
#define WR_BASE64_ROOM(n) ((size_t)(n) / 4 * 3 + 3)

/* Writes the bytes to `to` (WR_BASE64_ROOM) and their number to *n. false: other characters, bad length. */
bool wr_base64_decode(wr_str text, char *to, uint32_t *n);
void wr_base64_encode(wr_str bytes, wr_buf *out);

#endif
