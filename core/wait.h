/* Conditions whose waits are timed by the monotonic clock (core/clock.h). */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A condition for wr_cond_wait; pthread_cond_wait and the rest go with it too. */
void wr_cond_init(pthread_cond_t *c);
/*
 * Waits, with the lock held, until it is signalled, for no reason, or until wr_clock_mono_ns has
 * come to `until`: then false.
 */
bool wr_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until);
/* Takes the lock for writing; false: not before wr_clock_mono_ns has come to `until`. Unlike with
 * pthread_rwlock_timedwrlock, nobody lengthens that by setting the clock. */
bool wr_write_lock_until(pthread_rwlock_t *lock, int64_t until);

#endif
