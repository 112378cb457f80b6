/* Words for people, from any thread: the engine's configured hook, or stderr. */
#ifndef ENGINE_NOTICE_H
#define ENGINE_NOTICE_H

#include "engine/engine.h"

void wr_notice(wr_engine *e, const char *format, ...) WR_PRINTF(2, 3);

#endif
