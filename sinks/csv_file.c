/*
 * A file that grows, and that can be cut to where it was at any sync. Plain bytes go straight to
 * the descriptor (its users gather lines to pieces). Compressed, it is a row of members or frames,
 * one ended at each sync: a reader joins them, and what is cut off is a whole number of them.
 *
 *	put put sync | put sync | put …		cut to the second sync: two members
 *
 * After an error the file holds something between; its owner closes it and opens it anew at the
 * last length that counts.
 */
#include "sinks/csv_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "core/fault.h"
#include "io/files.h"

enum { ROOM = 1 << 16, GZIP_FORMAT = 15 + 16, LEVEL = 5, ZSTD_LEVEL = 3 };

struct wr_csv_file {
	int fd;
	char *path;
	int64_t length;
	bool endless; /* a pipe or a terminal: what was written stays written */
	bool created, dirty, in_member;
	wr_csv_compress compress;
	z_stream gzip;
	ZSTD_CCtx *zstd;
	char room[ROOM]; /* compressed bytes on their way */
};

static void start_codec(wr_csv_file *f)
{
	if (f->compress == WR_CSV_ZSTD) {
		f->zstd = ZSTD_createCCtx();
		if (!f->zstd)
			wr_no_memory(0);
		ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	}
	if (f->compress == WR_CSV_GZIP &&
	    deflateInit2(&f->gzip, LEVEL, Z_DEFLATED, GZIP_FORMAT, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		wr_no_memory(0);
}

static wr_status cut(wr_csv_file *f, int64_t keep, wr_err *err)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return wr_file_fail(err, "look at", f->path);
	f->length = keep;
	f->endless = !S_ISREG(st.st_mode);
	if (f->endless)
		return WR_OK;
	if (st.st_size < keep) {
		wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
			   "%s has %lld bytes, but %lld had been written to it", f->path,
			   (long long)st.st_size, (long long)keep);
		return wr_err_hint(
		    err, "put the file back as it was, or DROP the sink and create it again");
	}
	f->created = st.st_size == 0;
	f->dirty = st.st_size != keep;
	if (f->dirty && ftruncate(f->fd, keep))
		return wr_file_fail(err, "cut", f->path);
	if (lseek(f->fd, keep, SEEK_SET) < 0)
		return wr_file_fail(err, "go to the end of", f->path);
	return WR_OK;
}

wr_status wr_csv_file_open(const char *path, wr_csv_compress compress, int64_t keep,
			   wr_csv_file **out, wr_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return wr_file_fail(err, "write to", path);
	wr_csv_file *f = wr_calloc(1, sizeof *f);

	f->fd = fd;
	f->path = wr_strdup(path);
	f->compress = compress;
	start_codec(f);
	if (cut(f, keep, err)) {
		wr_csv_file_close(f);
		return WR_FAIL;
	}
	*out = f;
	return WR_OK;
}

static wr_status write_out(wr_csv_file *f, const char *p, size_t n, wr_err *err)
{
	if (WR_FAULT_FAIL("csv.write", err))
		return WR_FAIL;
	if (wr_file_write(f->fd, f->path, p, n, -1, err))
		return WR_FAIL;
	f->length += (int64_t)n;
	f->dirty = true;
	return WR_OK;
}

static wr_status put_gzip(wr_csv_file *f, wr_str bytes, bool end, wr_err *err)
{
	int more;

	f->gzip.next_in = (Bytef *)bytes.p;
	f->gzip.avail_in = bytes.n;
	do {
		f->gzip.next_out = (Bytef *)f->room;
		f->gzip.avail_out = ROOM;
		more = deflate(&f->gzip, end ? Z_FINISH : Z_NO_FLUSH);
		if (ROOM > f->gzip.avail_out &&
		    write_out(f, f->room, ROOM - f->gzip.avail_out, err))
			return WR_FAIL;
	} while (end ? more != Z_STREAM_END : f->gzip.avail_in || !f->gzip.avail_out);
	if (end)
		deflateReset(&f->gzip);
	return WR_OK;
}

static wr_status put_zstd(wr_csv_file *f, wr_str bytes, bool end, wr_err *err)
{
	ZSTD_inBuffer in = { bytes.p, bytes.n, 0 };
	size_t more;

	do {
		ZSTD_outBuffer out = { f->room, ROOM, 0 };

		more = ZSTD_compressStream2(f->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(more))
			return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot compress %s: %s",
					  f->path, ZSTD_getErrorName(more));
		if (out.pos && write_out(f, f->room, out.pos, err))
			return WR_FAIL;
	} while (end ? more : in.pos < in.size);
	return WR_OK;
}

static wr_status put_compressed(wr_csv_file *f, wr_str bytes, bool end, wr_err *err)
{
	return f->compress == WR_CSV_GZIP ? put_gzip(f, bytes, end, err)
					  : put_zstd(f, bytes, end, err);
}

wr_status wr_csv_file_put(wr_csv_file *f, wr_str bytes, wr_err *err)
{
	if (!bytes.n)
		return WR_OK;
	if (f->compress == WR_CSV_PLAIN)
		return write_out(f, bytes.p, bytes.n, err);
	f->in_member = true;
	return put_compressed(f, bytes, false, err);
}

/* Bytes that go to a file without a name are lost to everybody but us. */
static wr_status still_named(const wr_csv_file *f, wr_err *err)
{
	struct stat ours, named;

	if (fstat(f->fd, &ours))
		return wr_file_fail(err, "look at", f->path);
	if (stat(f->path, &named) == 0 && named.st_dev == ours.st_dev &&
	    named.st_ino == ours.st_ino)
		return WR_OK;
	return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			  "%s was removed or replaced while it was being written", f->path);
}

wr_status wr_csv_file_sync(wr_csv_file *f, wr_err *err)
{
	if (f->in_member && put_compressed(f, (wr_str){ "", 0 }, true, err))
		return WR_FAIL;
	f->in_member = false;
	if (f->dirty && !f->endless && (still_named(f, err) || wr_file_sync(f->fd, f->path, err)))
		return WR_FAIL;
	f->dirty = false;
	if (f->created && wr_file_sync_parent(f->path, err))
		return WR_FAIL;
	f->created = false;
	return WR_OK;
}

int64_t wr_csv_file_length(const wr_csv_file *f)
{
	return f->length;
}

void wr_csv_file_close(wr_csv_file *f)
{
	if (!f)
		return;
	if (f->compress == WR_CSV_GZIP)
		deflateEnd(&f->gzip);
	ZSTD_freeCCtx(f->zstd);
	close(f->fd);
	free(f->path);
	free(f);
}
