/*
 * Words to stderr, one line each: "weir: message", "weir: warning: message". Never on the row path.
 * Thread: any.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/err.h"

typedef enum wr_level {
	WR_LOG_DEBUG,
	WR_LOG_INFO,
	WR_LOG_WARN,
	WR_LOG_ERROR,
	WR_LOG_OFF,
} wr_level;

/*
 * Lines below this level are dropped. At the start: INFO, or what WEIR_LOG says (debug, info, warn,
 * error, off).
 */
void wr_log_set_level(wr_level level);
wr_level wr_log_level(void);

/* A closing line break is added; breaks inside become blanks. */
void wr_log(wr_level level, const char *format, ...) WR_PRINTF(2, 3);
#define wr_log_debug(...) wr_log(WR_LOG_DEBUG, __VA_ARGS__)
#define wr_log_info(...)  wr_log(WR_LOG_INFO, __VA_ARGS__)
#define wr_log_warn(...)  wr_log(WR_LOG_WARN, __VA_ARGS__)
#define wr_log_error(...) wr_log(WR_LOG_ERROR, __VA_ARGS__)

/*
 * An error with its hint, as one line. `what` may be NULL; else it goes before: "query CSAS_A_1:
 * …".
 */
void wr_log_err(wr_level level, const char *what, const wr_err *err);

#endif
