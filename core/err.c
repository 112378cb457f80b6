#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const class_text[] = {
#define X(tag, text) text,
	WR_ERR_CLASSES(X)
#undef X
};

/* A message that was cut must not end inside a UTF-8 character: it goes into JSON answers. */
static void trim_utf8(char *z, size_t n)
{
	size_t at = n;

	while (at > 0 && ((unsigned char)z[at - 1] & 0xC0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)z[at - 1] >= 0xC0)
		z[at - 1] = 0;
}

static void format_into(char *to, size_t room, const char *format, va_list ap)
{
	int n = vsnprintf(to, room, format, ap);

	if (n >= (int)room)
		trim_utf8(to, room - 1);
}

wr_status wr_err_set(wr_err *err, wr_err_class cls, wr_span span, const char *format, ...)
{
	va_list ap;

	if (err->cls != WR_ERR_NONE)
		return WR_FAIL;
	err->cls = cls;
	err->span = span;
	err->hint[0] = 0;
	va_start(ap, format);
	format_into(err->message, sizeof(err->message), format, ap);
	va_end(ap);
	return WR_FAIL;
}

wr_status wr_err_hint(wr_err *err, const char *format, ...)
{
	va_list ap;

	if (err->hint[0])
		return WR_FAIL;
	va_start(ap, format);
	format_into(err->hint, sizeof(err->hint), format, ap);
	va_end(ap);
	return WR_FAIL;
}

void wr_err_clear(wr_err *err)
{
	*err = WR_ERR_INIT;
}

const char *wr_err_class_text(wr_err_class cls)
{
	return class_text[cls];
}

_Noreturn void wr_bug(const char *file, int line, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "weir: bug at %s:%d: ", file, line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs("\nweir: this is a fault of the program; committed state is safe\n", stderr);
	abort();
}

/* No stdio buffers, no exit handlers: both may allocate. */
_Noreturn void wr_no_memory(size_t bytes)
{
	char text[96];
	int n = snprintf(text, sizeof(text),
			 "weir: no memory for %zu bytes; committed state is safe\n", bytes);

	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(70);
	_exit(70);
}
