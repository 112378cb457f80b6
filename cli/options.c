/* The command line. */
#include <stdio.h>

#include "cli/cli.h"
#include "core/near.h"

/* Groups: d data and broker, q query (-e, --define, --set), u until, s serve, t test, r recover. */
typedef struct option_row {
	const char *name;
	char group;
	bool takes_value;
} option_row;

/* clang-format off */
static const option_row ROWS[] = {
	{ "-e", 'q', true },	     { "--data", 'd', true },	   { "--broker", 'd', true },
	{ "--set", 'q', true },	     { "--define", 'q', true },	   { "--until-end", 'u', false },
	{ "--until-caught-up", 'u', false }, { "--listen", 's', true }, { "--report", 't', true },
	{ "--only", 't', true },     { "--world", 't', true },	   { "--verbose", 't', false },
	{ "--assume", 'r', true },
};
/* clang-format on */
enum { NROWS = sizeof ROWS / sizeof *ROWS };

static wr_status keep(const char **list, unsigned *n, unsigned max, const char *value,
		      const char *name, wr_err *err)
{
	if (*n == max)
		return wr_err_set(err, WR_ERR_USAGE, WR_NO_SPAN, "too many %s", name);
	list[(*n)++] = value;
	return WR_OK;
}

static wr_status take(wr_options *o, const char *name, const char *value, wr_err *err)
{
	if (!strcmp(name, "-e"))
		o->sql = value;
	else if (!strcmp(name, "--data"))
		o->dir = value;
	else if (!strcmp(name, "--broker"))
		o->broker = value;
	else if (!strcmp(name, "--listen"))
		o->listen = value;
	else if (!strcmp(name, "--report"))
		o->report = value;
	else if (!strcmp(name, "--only"))
		o->only = value;
	else if (!strcmp(name, "--assume"))
		o->assume = value;
	else if (!strcmp(name, "--verbose"))
		o->verbose = true;
	else if (!strcmp(name, "--until-end"))
		o->until = WR_RUN_UNTIL_END;
	else if (!strcmp(name, "--until-caught-up"))
		o->until = WR_RUN_UNTIL_CAUGHT_UP;
	else if (!strcmp(name, "--world"))
		return keep(o->worlds, &o->nworlds, 16, value, name, err);
	else if (!strcmp(name, "--set") || !strcmp(name, "--define")) {
		if (!strchr(value, '='))
			return wr_err_set(err, WR_ERR_USAGE, WR_NO_SPAN,
					  "%s takes NAME=VALUE, not %s", name, value);
		return name[2] == 's' ? keep(o->sets, &o->nsets, 64, value, name, err)
				      : keep(o->defines, &o->ndefines, 64, value, name, err);
	}
	return WR_OK;
}

static wr_status unknown(const char *arg, const char *allowed, wr_err *err)
{
	const char *names[NROWS];
	uint32_t n = 0;

	for (unsigned i = 0; i < NROWS; i++)
		if (strchr(allowed, ROWS[i].group))
			names[n++] = ROWS[i].name;
	const char *near = wr_near_of(wr_str_of(arg), names, n);

	wr_err_set(err, WR_ERR_USAGE, WR_NO_SPAN, "there is no option %s here", arg);
	return near ? wr_err_hint(err, "did you mean %s?", near)
		    : wr_err_hint(err, "weir --help lists the options");
}

/* Length of the option's own name in --name=value. */
static size_t name_length(const char *arg)
{
	const char *eq = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;

	return eq ? (size_t)(eq - arg) : strlen(arg);
}

wr_status wr_options_read(wr_options *o, int argc, char **argv, int from, const char *allowed,
			  wr_err *err)
{
	for (int i = from; i < argc; i++) {
		const char *arg = argv[i];
		const option_row *row = NULL;
		size_t n = name_length(arg);

		if (arg[0] != '-' || !arg[1]) {
			if (keep(o->files, &o->nfiles, 64, arg, "files", err))
				return WR_FAIL;
			continue;
		}
		for (unsigned r = 0; r < NROWS; r++)
			if (strchr(allowed, ROWS[r].group) && strlen(ROWS[r].name) == n &&
			    !strncmp(arg, ROWS[r].name, n))
				row = &ROWS[r];
		if (!row)
			return unknown(arg, allowed, err);
		const char *value = arg[n] == '=' ? arg + n + 1 : NULL;

		if (row->takes_value && !value && ++i < argc)
			value = argv[i];
		if (row->takes_value && !value)
			return wr_err_set(err, WR_ERR_USAGE, WR_NO_SPAN, "%s takes a value",
					  row->name);
		if (take(o, row->name, value, err))
			return WR_FAIL;
	}
	return WR_OK;
}

wr_status wr_options_settings(const wr_options *o, wr_settings *s, wr_err *err)
{
	wr_settings_init(s);
	for (unsigned i = 0; i < o->nsets; i++) {
		const char *eq = strchr(o->sets[i], '=');

		if (wr_engine_set(s, (wr_str){ o->sets[i], (uint32_t)(eq - o->sets[i]) },
				  wr_str_of(eq + 1), err)) {
			err->cls = WR_ERR_USAGE;
			return WR_FAIL;
		}
	}
	return WR_OK;
}

void wr_options_define(const wr_options *o, wr_session *s)
{
	for (unsigned i = 0; i < o->ndefines; i++) {
		const char *eq = strchr(o->defines[i], '=');

		wr_session_define(s, (wr_str){ o->defines[i], (uint32_t)(eq - o->defines[i]) },
				  wr_str_of(eq + 1));
	}
	wr_session_keep_defined(s);
}
