#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

static const char *const names[] = { "debug", "info", "warn", "error", "off" };
static const char *const prefixes[] = { "weir: debug: ", "weir: ", "weir: warning: ",
					"weir: error: ", "" };

static _Atomic int now = -1;

static wr_level from_environment(void)
{
	const char *z = getenv("WEIR_LOG");

	for (int i = 0; z && i <= WR_LOG_OFF; i++)
		if (strcasecmp(z, names[i]) == 0)
			return (wr_level)i;
	return WR_LOG_INFO;
}

void wr_log_set_level(wr_level level)
{
	atomic_store(&now, (int)level);
}

wr_level wr_log_level(void)
{
	int level = atomic_load(&now);

	if (level < 0) {
		level = (int)from_environment();
		atomic_store(&now, level);
	}
	return (wr_level)level;
}

/* One write call a line, so that lines of several threads do not mix. */
void wr_log(wr_level level, const char *format, ...)
{
	char line[2048];
	size_t n = strlen(prefixes[level]);
	va_list ap;
	int more;

	if (level < wr_log_level())
		return;
	memcpy(line, prefixes[level], n);
	va_start(ap, format);
	more = vsnprintf(line + n, sizeof(line) - n - 1, format, ap);
	va_end(ap);
	if (more > 0)
		n += (size_t)more < sizeof(line) - n - 2 ? (size_t)more : sizeof(line) - n - 2;
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say it */
}

void wr_log_err(wr_level level, const char *what, const wr_err *err)
{
	wr_log(level, "%s%s%s%s%s%s", what ? what : "", what ? ": " : "", err->message,
	       err->hint[0] ? " (" : "", err->hint, err->hint[0] ? ")" : "");
}
