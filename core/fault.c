#include "core/fault.h"

#ifdef WR_FAULTS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fault_points.h"

/* Those of the table, and room for names that tests make up. */
enum { POINTS = 256 };

typedef struct point {
	const char *name;
	unsigned passed;
} point;

#define X(name, what) { name, 0 },
static const point known[] = { WR_FAULT_POINTS(X) };
#undef X

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static point points[POINTS];
static unsigned npoints;
static char *spec;
static atomic_bool awake; /* somebody wants to know */

/* Only called at exit and before a crash; says nothing when the file cannot be written. */
static void write_reached(void)
{
	const char *path = getenv("WEIR_FAULT_REACHED");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	for (unsigned i = 0; i < npoints; i++)
		if (points[i].passed)
			fprintf(f, "%s %u\n", points[i].name, points[i].passed);
	fclose(f);
}

static void fill(void)
{
	memset(points, 0, sizeof points);
	memcpy(points, known, sizeof known);
	npoints = sizeof known / sizeof *known;
}

/* Memory comes from malloc, not from wr_malloc, which is a point itself. */
static void start(void)
{
	const char *z = getenv("WEIR_FAULT");

	fill();
	if (z)
		spec = strdup(z);
	if (getenv("WEIR_FAULT_REACHED"))
		atexit(write_reached);
	atomic_store(&awake, z || getenv("WEIR_FAULT_REACHED"));
}

static point *find(const char *name)
{
	for (unsigned i = 0; i < npoints; i++)
		if (points[i].name == name || strcmp(points[i].name, name) == 0)
			return &points[i];
	if (npoints == POINTS)
		abort();
	points[npoints].name = name;
	return &points[npoints++];
}

/* "3", "3-7", "3-" */
static bool in_range(const char *at, unsigned pass, const char **behind)
{
	char *end;
	unsigned long from = strtoul(at, &end, 10), to = from;

	if (*end == '-') {
		to = strtoul(end + 1, &end, 10);
		to = to ? to : ~0ul;
	}
	*behind = end;
	return *end == ':' && pass >= from && pass <= to;
}

/* What the spec says of this pass. */
static wr_fault_way verdict(const point *p)
{
	const char *at = spec, *behind;
	size_t n = strlen(p->name);

	while (at && *at) {
		if (strncmp(at, p->name, n) == 0 && at[n] == ':' &&
		    in_range(at + n + 1, p->passed, &behind))
			return behind[1] == 'e' && behind[2] == 'i' ? WR_FAULT_INTERRUPTED
								    : (wr_fault_way)behind[1];
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return WR_FAULT_NONE;
}

wr_fault_way wr_fault(const char *name)
{
	wr_fault_way way;
	point *p;

	pthread_once(&once, start);
	if (!atomic_load_explicit(&awake, memory_order_relaxed))
		return WR_FAULT_NONE;
	pthread_mutex_lock(&lock);
	p = find(name);
	p->passed++;
	way = verdict(p);
	if (way == WR_FAULT_CRASHES) {
		atomic_store(&awake, false);
		write_reached();
		kill(getpid(), SIGKILL);
		pause();
	}
	pthread_mutex_unlock(&lock);
	return way;
}

wr_status wr_fault_fail(const char *name, wr_err *err)
{
	if (!WR_FAULT(name))
		return WR_OK;
	return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "fault on purpose at %s", name);
}

void wr_fault_set(const char *z)
{
	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	free(spec);
	spec = z ? strdup(z) : NULL;
	fill();
	atomic_store(&awake, true);
	pthread_mutex_unlock(&lock);
}

unsigned wr_fault_passed(const char *name)
{
	unsigned n;

	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	n = find(name)->passed;
	pthread_mutex_unlock(&lock);
	return n;
}

#else
typedef int nothing_here; /* a file must not be empty */
#endif
