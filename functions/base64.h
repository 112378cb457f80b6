/* Base64 with the standard alphabet. */
#ifndef FUNCTIONS_BASE64_H
#define FUNCTIONS_BASE64_H

#include "core/buf.h"

/* Decodes into the arena; padding may be left out. false on any other character. */
bool wr_base64_read(wr_arena *a, wr_str text, wr_str *out);
void wr_base64_print(wr_str bytes, wr_buf *out);

#endif
