#include "core/wait.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"

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

bool wr_write_lock_until(pthread_rwlock_t *lock, int64_t until)
{
#ifdef __SANITIZE_THREAD__ /* it knows this one only */
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += (until - wr_clock_mono_ns()) / 1000000000;
	return pthread_rwlock_timedwrlock(lock, &t) == 0;
#else
	struct timespec t = { until / 1000000000, until % 1000000000 };

	return pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &t) == 0;
#endif
}
