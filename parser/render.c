#include "parser/render.h"

enum { WIDTH_MAX = 160 }; /* characters of a line that are shown */

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xC0) != 0x80;
}

void wr_line_column(wr_str text, uint32_t at, uint32_t *line, uint32_t *column)
{
	*line = *column = 1;
	for (uint32_t i = 0; i < at && i < text.n; i++) {
		if (text.p[i] == '\n') {
			++*line;
			*column = 1;
		} else if (begins_character(text.p[i])) {
			++*column;
		}
	}
}

/* The line around byte `at`, without its line break. */
static wr_str line_at(wr_str text, uint32_t at)
{
	uint32_t begin = at, end = at;

	while (begin > 0 && text.p[begin - 1] != '\n')
		begin--;
	while (end < text.n && text.p[end] != '\n')
		end++;
	if (end > begin && text.p[end - 1] == '\r')
		end--;
	return (wr_str){ text.p + begin, end - begin };
}

/* Moves both ends to the characters around a place, when the line is long. */
static wr_str window(wr_str line, uint32_t place, bool *cut_left, bool *cut_right)
{
	uint32_t begin = 0, end = line.n;

	if (line.n > WIDTH_MAX) {
		begin = place > WIDTH_MAX / 2 ? place - WIDTH_MAX / 2 : 0;
		end = begin + WIDTH_MAX < line.n ? begin + WIDTH_MAX : line.n;
		while (begin > 0 && !begins_character(line.p[begin]))
			begin--;
		while (end < line.n && !begins_character(line.p[end]))
			end++;
	}
	*cut_left = begin > 0;
	*cut_right = end < line.n;
	return (wr_str){ line.p + begin, end - begin };
}

static void put_line(wr_buf *out, wr_str line)
{
	for (uint32_t i = 0; i < line.n; i++)
		wr_buf_putc(out, (unsigned char)line.p[i] < ' ' ? ' ' : line.p[i]);
}

static void render_place(wr_buf *out, wr_str text, wr_span span)
{
	wr_str line = line_at(text, span.at), shown;
	uint32_t number, column, place = (uint32_t)(text.p + span.at - line.p), n = 0;
	bool left, right;

	if (place > line.n)
		place = line.n; /* at the \r of a line's end */
	wr_line_column(text, span.at, &number, &column);
	shown = window(line, place, &left, &right);
	wr_buf_printf(out, "  line %u:%u\n  %s", number, column, left ? "…" : "");
	put_line(out, shown);
	wr_buf_printf(out, "%s\n  %s", right ? "…" : "", left ? " " : "");
	place -= (uint32_t)(shown.p - line.p);
	for (uint32_t i = 0; i < place; i++)
		if (begins_character(shown.p[i]))
			wr_buf_putc(out, ' ');
	for (uint32_t i = place; i < shown.n && i < place + span.length; i++)
		if (begins_character(shown.p[i]) && ++n)
			wr_buf_putc(out, '^');
	wr_buf_puts(out, n ? "\n" : "^\n");
}

void wr_render_error(wr_buf *out, wr_str text, const wr_err *err)
{
	wr_buf_printf(out, "error: %s\n", err->message);
	if (err->span.length && err->span.at <= text.n && text.p)
		render_place(out, text, err->span);
	if (err->topic[0])
		wr_buf_printf(out, "  record: %s, partition %d, offset %lld\n", err->topic,
			      (int)err->partition, (long long)err->offset);
	if (err->hint[0])
		wr_buf_printf(out, "  hint: %s\n", err->hint);
}
