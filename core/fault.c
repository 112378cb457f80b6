#include "core/fault.h"

#ifdef WR_FAULTS

#include "core/arena.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { POINTS = 256 };

typedef struct point {
	const char *name;
	unsigned passed;
} point;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static point points[POINTS];
static unsigned npoints;
static char *spec;

/* Only called at exit and before a crash; says nothing when the file cannot be written. */
static void write_reached(void)
{
	const char *path = getenv("WEIR_FAULT_REACHED");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	for (unsigned i = 0; i < npoints; i++)
		fprintf(f, "%s %u\n", points[i].name, points[i].passed);
	fclose(f);
}

static void start(void)
{
	const char *z = getenv("WEIR_FAULT");

	if (z)
		spec = wr_strdup(z);
	if (getenv("WEIR_FAULT_REACHED"))
		atexit(write_reached);
}

static point *find(const char *name)
{
	for (unsigned i = 0; i < npoints; i++)
		if (strcmp(points[i].name, name) == 0)
			return &points[i];
	WR_ASSERT(npoints < POINTS);
	points[npoints].name = name;
	return &points[npoints++];
}

/* What the spec says of this pass: 'c' crash, 'f' fail, 0 nothing. */
static char verdict(const point *p)
{
	const char *at = spec;
	size_t n = strlen(p->name);

	while (at && *at) {
		unsigned pass;
		char what[8];

		if (strncmp(at, p->name, n) == 0 && at[n] == ':' &&
		    sscanf(at + n + 1, "%u:%7[a-z]", &pass, what) == 2 && pass == p->passed)
			return what[0];
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return 0;
}

bool wr_fault(const char *name)
{
	point *p;
	char v;

	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	p = find(name);
	p->passed++;
	v = verdict(p);
	if (v == 'c') {
		write_reached();
		kill(getpid(), SIGKILL);
		pause();
	}
	pthread_mutex_unlock(&lock);
	return v == 'f';
}

void wr_fault_set(const char *z)
{
	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	free(spec);
	spec = z ? wr_strdup(z) : NULL;
	npoints = 0;
	memset(points, 0, sizeof(points));
	pthread_mutex_unlock(&lock);
}

unsigned wr_fault_passed(const char *name)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = find(name)->passed;
	pthread_mutex_unlock(&lock);
	return n;
}

#else
typedef int nothing_here;	/* a file must not be empty */
#endif
