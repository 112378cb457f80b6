#include "core/wait.h"

#include <errno.h>
#include <time.h>

void wr_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t mono;

	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(c, &mono);
	pthread_condattr_destroy(&mono);
}

bool wr_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until)
{
	struct timespec t = { until / 1000000000, until % 1000000000 };

	return pthread_cond_timedwait(c, lock, &t) != ETIMEDOUT;
}
