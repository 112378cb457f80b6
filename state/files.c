#include "state/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static wr_status path_error(wr_err *err, const char *what, const char *path)
{
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s %s: %s", what, path, strerror(errno));
	if (errno == EACCES || errno == EROFS)
		wr_err_hint(err, "Choose a directory that this user may write with --data");
	return WR_FAIL;
}

wr_status wr_dir_make(const char *dir, wr_err *err)
{
	char path[4096];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the path %.200s… is too long", dir);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			return path_error(err, "cannot make the directory", path);
		*p = '/';
	}
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return path_error(err, "cannot make the directory", path);
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return path_error(err, "cannot use the directory", path);
	}
	return WR_OK;
}

wr_status wr_dir_clean(const char *dir, const char *name,
		       bool (*keep)(void *self, const char *file), void *self, wr_err *err)
{
	char path[4096], file[4400];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (wr_dir_make(path, err) != WR_OK)
		return WR_FAIL;
	d = opendir(path);
	if (!d)
		return path_error(err, "cannot read the directory", path);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || keep(self, e->d_name))
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (unlink(file) != 0)
			path_error(err, "cannot remove", file);
	}
	closedir(d);
	return err->cls == WR_ERR_NONE ? WR_OK : WR_FAIL;
}

wr_status wr_dir_sync(const char *dir, const char *name, wr_err *err)
{
	char path[4096];
	int fd;
	wr_status status = WR_OK;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		status = path_error(err, "cannot sync the directory", path);
	if (fd >= 0)
		close(fd);
	return status;
}

static bool copy_bytes(int in, int out)
{
	char buf[1 << 16];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0, m; at < n; at += m)
			if ((m = write(out, buf + at, (size_t)(n - at))) < 0)
				return false;
	return n == 0 && fsync(out) == 0;
}

wr_status wr_file_copy(const char *from, const char *to, wr_err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	wr_status status = WR_OK;

	if (in < 0)
		return path_error(err, "cannot read", from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0 || !copy_bytes(in, out))
		status = path_error(err, "cannot write", to);
	close(in);
	if (out >= 0)
		close(out);
	return status;
}

bool wr_dir_has(const char *dir, const char *ending)
{
	DIR *d = opendir(dir);
	size_t n = strlen(ending);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)))
		found = strlen(e->d_name) >= n &&
			strcmp(e->d_name + strlen(e->d_name) - n, ending) == 0;
	if (d)
		closedir(d);
	return found;
}

bool wr_file_exists(const char *format, ...)
{
	char path[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	return access(path, F_OK) == 0;
}

static wr_status in_use(const char *dir, int fd, wr_err *err)
{
	char who[32] = "";
	ssize_t n = pread(fd, who, sizeof(who) - 1, 0);

	if (n > 0)
		who[strcspn(who, "\n")] = 0;
	close(fd);
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the data directory %s is in use by %s%s", dir,
		   n > 0 ? "process " : "another process", n > 0 ? who : "");
	return wr_err_hint(err, "Stop that process, or name another directory with --data");
}

wr_status wr_file_lock(const char *dir, int *out, wr_err *err)
{
	char path[4096], who[32];
	int fd, n;

	snprintf(path, sizeof(path), "%s/state.lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return path_error(err, "cannot open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return in_use(dir, fd, err);
	n = snprintf(who, sizeof(who), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, who, (size_t)n, 0) != n) {
		path_error(err, "cannot write", path);
		close(fd);
		return WR_FAIL;
	}
	*out = fd;
	return WR_OK;
}

void wr_file_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}
