#include "io/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

wr_status wr_file_fail(wr_err *err, const char *what, const char *path)
{
	int why = errno;

	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot %s %s: %s", what, path, strerror(why));
	if (why == ENOSPC || why == EDQUOT)
		wr_err_hint(err, "make room on that disk; nothing that was committed is lost");
	else if (why == EACCES || why == EROFS || why == EPERM)
		wr_err_hint(err, "check its permissions, or choose another path");
	return WR_FAIL;
}

wr_status wr_file_write(int fd, const char *path, const void *p, size_t n, int64_t at, wr_err *err)
{
	const char *from = p;

	while (n) {
		ssize_t done = at >= 0 ? pwrite(fd, from, n, at) : write(fd, from, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return wr_file_fail(err, "write", path);
		from += done;
		n -= (size_t)done;
		at += at >= 0 ? done : 0;
	}
	return WR_OK;
}

wr_status wr_file_append(int fd, const char *path, wr_str bytes, bool sync, wr_err *err)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return wr_file_fail(err, "go to the end of", path);
	if (wr_file_write(fd, path, bytes.p, bytes.n, -1, err) ||
	    (sync && wr_file_sync(fd, path, err))) {
		(void)!ftruncate(fd, end);
		return WR_FAIL;
	}
	return WR_OK;
}

wr_status wr_file_read(int fd, const char *path, void *p, size_t n, int64_t at, wr_err *err)
{
	char *to = p;

	while (n) {
		ssize_t done = pread(fd, to, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return wr_file_fail(err, "read", path);
		if (done == 0)
			return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s is shorter than it was",
					  path);
		to += done;
		n -= (size_t)done;
		at += done;
	}
	return WR_OK;
}

static wr_status load(int fd, const char *path, wr_buf *out, wr_err *err)
{
	for (;;) {
		char *to = wr_buf_reserve(out, 65536);
		ssize_t n = read(fd, to, 65535);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wr_file_fail(err, "read", path);
		if (n == 0)
			return WR_OK;
		out->n += (size_t)n;
	}
}

wr_status wr_file_load(const char *path, wr_buf *out, bool *found, wr_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*found = fd >= 0;
	if (fd < 0)
		return errno == ENOENT ? WR_OK : wr_file_fail(err, "open", path);
	wr_status status = load(fd, path, out, err);

	close(fd);
	return status;
}

wr_status wr_file_sync(int fd, const char *path, wr_err *err)
{
	return fdatasync(fd) ? wr_file_fail(err, "sync", path) : WR_OK;
}

wr_status wr_file_sync_dir(const char *dir, wr_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return wr_file_fail(err, "open the directory", dir);
	wr_status status = fsync(fd) ? wr_file_fail(err, "sync the directory", dir) : WR_OK;

	close(fd);
	return status;
}

wr_status wr_file_sync_parent(const char *path, wr_err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return wr_file_sync_dir(".", err);
	snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return wr_file_sync_dir(dir, err);
}

static wr_status write_new(const char *path, wr_str content, wr_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return wr_file_fail(err, "create", path);
	wr_status status = wr_file_write(fd, path, content.p, content.n, -1, err) ||
				   (fsync(fd) && wr_file_fail(err, "sync", path))
			       ? WR_FAIL
			       : WR_OK;

	if (close(fd) && status == WR_OK)
		status = wr_file_fail(err, "close", path);
	return status;
}

wr_status wr_file_replace(const char *path, wr_str content, wr_err *err)
{
	char temp[PATH_MAX];

	if (snprintf(temp, sizeof temp, "%s.tmp", path) >= (int)sizeof temp)
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the path %.200s… is too long", path);
	if (write_new(temp, content, err)) {
		unlink(temp);
		return WR_FAIL;
	}
	return wr_file_rename(temp, path, err);
}

wr_status wr_file_rename(const char *from, const char *to, wr_err *err)
{
	if (rename(from, to))
		return wr_file_fail(err, "rename a file to", to);
	return wr_file_sync_parent(from, err) || wr_file_sync_parent(to, err) ? WR_FAIL : WR_OK;
}

wr_status wr_file_make_dir(const char *dir, wr_err *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the path %.200s… is too long", dir);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(path, 0777) && errno != EEXIST)
			return wr_file_fail(err, "make the directory", path);
		*p = '/';
	}
	return mkdir(path, 0777) && errno != EEXIST ? wr_file_fail(err, "make the directory", path)
						    : WR_OK;
}

static wr_status remove_files(DIR *d, const char *dir, wr_err *err)
{
	char path[PATH_MAX];
	struct dirent *e;

	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path ||
		    (unlink(path) && errno != ENOENT))
			return wr_file_fail(err, "remove", path);
	}
	return WR_OK;
}

wr_status wr_file_remove_dir(const char *dir, wr_err *err)
{
	DIR *d = opendir(dir);

	if (!d)
		return errno == ENOENT ? WR_OK : wr_file_fail(err, "open the directory", dir);
	wr_status status = remove_files(d, dir, err);

	closedir(d);
	if (status == WR_OK && rmdir(dir) && errno != ENOENT)
		return wr_file_fail(err, "remove the directory", dir);
	return status;
}
