/*
 * A mail as RFC 5322 wants it:
 *
 *	From: shop@example.org
 *	To: anna@example.org
 *	Subject: =?UTF-8?B?…?=			only where it is not ASCII
 *	Date: Fri, 01 May 2026 08:00:00 +0000	when the row was taken in: it does not change when the mail goes again
 *	Auto-Submitted: auto-generated		so that nobody's holiday answers it
 *	MIME-Version: 1.0
 *	Content-Type: text/plain; charset=utf-8
 *	Content-Transfer-Encoding: 7bit		or base64, when the text has other characters or long lines
 *
 * Values of rows stand in headers only after control characters became blanks (sinks/template.c),
 * so no row can add a header.
 */
#include "sinks/email.h"

#include <stdio.h>
#include <time.h>

#include "core/base64.h"
#include "core/utf8.h"

enum { LONGEST_LINE = 900, WORD_BYTES = 45, BASE64_LINE = 57 };

static bool is_ascii(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 127)
			return false;
	return true;
}

/* =?UTF-8?B?…?= words, each of whole characters. */
static void put_words(wr_str text, wr_buf *out)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *from = p;

		for (unsigned n; p < end; p += n) {
			n = wr_utf8_get(p, end, NULL);
			n = n ? n : 1;
			if (p + n - from > WORD_BYTES)
				break;
		}
		wr_buf_puts(out, from == text.p ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		wr_base64_encode((wr_str){ from, (uint32_t)(p - from) }, out);
		wr_buf_puts(out, "?=");
	}
}

static void put_subject(wr_str text, wr_buf *out)
{
	wr_buf_puts(out, "Subject: ");
	if (is_ascii(text) && text.n < LONGEST_LINE)
		wr_buf_str(out, text);
	else
		put_words(text, out);
	wr_buf_puts(out, "\r\n");
}

/* As it is written, one to a line; only the address where the name is not ASCII. */
static void put_addresses(const char *header, wr_str list, wr_buf *out)
{
	bool any = false;
	wr_str one, bare;

	wr_buf_printf(out, "%s: ", header);
	for (; wr_email_next(&list, &one); any = true) {
		if (!wr_email_address(one, &bare))
			continue;
		wr_buf_puts(out, any ? ",\r\n " : "");
		wr_buf_str(out, is_ascii(one) ? one : bare);
	}
	wr_buf_puts(out, "\r\n");
}

static void put_date(int64_t ms, wr_buf *out)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;

	gmtime_r(&seconds, &t);
	wr_buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday],
		      t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static bool goes_as_it_is(wr_str text)
{
	uint32_t line = 0;

	for (uint32_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		line = c == '\n' ? 0 : line + 1;
		if (c >= 127 || (c < ' ' && c != '\n' && c != '\t') || line > LONGEST_LINE)
			return false;
	}
	return true;
}

static void put_lines(wr_str text, wr_buf *out)
{
	for (uint32_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			wr_buf_putc(out, '\r');
		wr_buf_putc(out, text.p[i]);
	}
	wr_buf_puts(out, text.n && text.p[text.n - 1] == '\n' ? "" : "\r\n");
}

static void put_base64(wr_str text, wr_buf *out)
{
	for (uint32_t i = 0; i < text.n; i += BASE64_LINE) {
		wr_base64_encode((wr_str){ text.p + i,
					   text.n - i < BASE64_LINE ? text.n - i : BASE64_LINE },
				 out);
		wr_buf_puts(out, "\r\n");
	}
}

void wr_email_message(wr_str from, wr_str to, wr_str subject, wr_str text, int64_t made_ms,
		      wr_buf *out)
{
	bool plain = goes_as_it_is(text);

	put_addresses("From", from, out);
	put_addresses("To", to, out);
	put_subject(subject, out);
	put_date(made_ms, out);
	wr_buf_puts(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
			 "Content-Type: text/plain; charset=utf-8\r\n");
	wr_buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", plain ? "7bit" : "base64");
	(plain ? put_lines : put_base64)(text, out);
}

/* ---------------------------------------------------------------- addresses */

static wr_str trimmed(wr_str s)
{
	while (s.n && s.p[0] == ' ') {
		s.p++;
		s.n--;
	}
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

bool wr_email_address(wr_str text, wr_str *out)
{
	const char *at, *open = memchr(text.p, '<', text.n);

	text = trimmed(text);
	if (open && text.n && text.p[text.n - 1] == '>')
		text = (wr_str){ open + 1, (uint32_t)(text.p + text.n - 1 - (open + 1)) };
	at = text.n ? memchr(text.p, '@', text.n) : NULL;
	if (!at || at == text.p || at + 1 == text.p + text.n)
		return false;
	for (uint32_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] == 127 ||
		    strchr("<>()\",;:\\", text.p[i]))
			return false;
	*out = text;
	return true;
}

bool wr_email_next(wr_str *text, wr_str *one)
{
	while (text->n) {
		uint32_t n = 0;

		while (n < text->n && text->p[n] != ',' && text->p[n] != ';')
			n++;
		*one = trimmed((wr_str){ text->p, n });
		n += n < text->n;
		text->p += n;
		text->n -= n;
		if (one->n)
			return true;
	}
	return false;
}
