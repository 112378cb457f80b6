/*
 * In builds with fault points the program has its own write, pwrite, fsync and fdatasync: every one
 * of the process comes by here, RocksDB's and SQLite's too, for a name that the program defines is
 * taken before the C library's. What goes to regular files is counted and can fail; all else
 * (sockets, pipes, terminals) passes.
 */
#ifdef WR_FAULTS

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"

typedef ssize_t write_fn(int fd, const void *p, size_t n);
typedef ssize_t pwrite_fn(int fd, const void *p, size_t n, off_t at);
typedef int sync_fn(int fd);

#define REAL(name, type)                                                                           \
	static type *real_##name(void)                                                             \
	{                                                                                          \
		static _Atomic(type *) found;                                                      \
		type *f = found;                                                                   \
                                                                                                   \
		if (!f)                                                                            \
			found = f = (type *)dlsym(RTLD_NEXT, #name);                               \
		return f;                                                                          \
	}
REAL(write, write_fn)
REAL(pwrite, pwrite_fn)
REAL(fsync, sync_fn)
REAL(fdatasync, sync_fn)

static bool is_file(int fd)
{
	struct stat st;
	int kept = errno;
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	errno = kept;
	return regular;
}

/* true: it fails, errno is set. *n is less afterwards when only a part is to be written. */
static bool fails(const char *point, int fd, size_t *n)
{
	switch (is_file(fd) ? wr_fault(point) : WR_FAULT_NONE) {
	case WR_FAULT_FAILS: errno = EIO; return true;
	case WR_FAULT_NO_SPACE: errno = ENOSPC; return true;
	case WR_FAULT_INTERRUPTED: errno = EINTR; return true;
	case WR_FAULT_SHORT: *n = *n > 1 ? *n / 2 : *n; return false;
	default: return false;
	}
}

ssize_t write(int fd, const void *p, size_t n)
{
	return fails("io.write", fd, &n) ? -1 : real_write()(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fails("io.write", fd, &n) ? -1 : real_pwrite()(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

int fsync(int fd)
{
	size_t none = 0;

	return fails("io.sync", fd, &none) ? -1 : real_fsync()(fd);
}

int fdatasync(int fd)
{
	size_t none = 0;

	return fails("io.sync", fd, &none) ? -1 : real_fdatasync()(fd);
}

#else
typedef int nothing_here; /* a file must not be empty */
#endif
