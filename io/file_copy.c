/* Copies of files and directories that survive a crash once the call has returned. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"

enum { PIECE = 1 << 16 };

static wr_status copy_bytes(int in, int out, const char *from, const char *to, wr_err *err)
{
	char piece[PIECE];

	for (;;) {
		ssize_t n = read(in, piece, sizeof piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wr_file_fail(err, "read", from);
		if (n == 0)
			return wr_file_sync(out, to, err);
		if (wr_file_write(out, to, piece, (size_t)n, -1, err))
			return WR_FAIL;
	}
}

wr_status wr_file_copy_to(const char *from, const char *to, wr_err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	wr_status status;

	if (in < 0)
		return wr_file_fail(err, "read", from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	status = out < 0 ? wr_file_fail(err, "make", to) : copy_bytes(in, out, from, to, err);
	close(in);
	if (out >= 0 && close(out) && status == WR_OK)
		status = wr_file_fail(err, "write", to);
	return status;
}

static wr_status copy_entry(const char *from, const char *to, bool (*take)(const char *file),
			    wr_err *err)
{
	struct stat st;
	const char *name = strrchr(from, '/');

	if (lstat(from, &st))
		return wr_file_fail(err, "read", from);
	if (S_ISDIR(st.st_mode))
		return wr_file_copy_tree(from, to, take, err);
	if (!S_ISREG(st.st_mode) || (take && !take(name ? name + 1 : from)))
		return WR_OK;
	return wr_file_copy_to(from, to, err);
}

wr_status wr_file_copy_tree(const char *from, const char *to, bool (*take)(const char *file),
			    wr_err *err)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct dirent *e;
	wr_status status = wr_file_make_dir(to, err);
	DIR *d = status ? NULL : opendir(from);

	if (status)
		return WR_FAIL;
	if (!d)
		return wr_file_fail(err, "open the directory", from);
	while (status == WR_OK && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (snprintf(a, sizeof a, "%s/%s", from, e->d_name) >= (int)sizeof a ||
		    snprintf(b, sizeof b, "%s/%s", to, e->d_name) >= (int)sizeof b)
			status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
					    "the path %s/%s is too long", to, e->d_name);
		else
			status = copy_entry(a, b, take, err);
	}
	closedir(d);
	return status ? WR_FAIL : wr_file_sync_dir(to, err);
}

bool wr_file_dir_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return errno == ENOENT;
	while (empty && (e = readdir(d)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}
