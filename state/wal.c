/*
 * A record at the end of a log that says to be longer than the log is one that a crash cut off: RocksDB
 * leaves it out, and all behind it. A bit that has tipped in the length of an earlier record looks the
 * same, and there whole commits would be forgotten, which sinks and catalog know of. Two things tell the
 * one from the other: what a crash cut off never has its checksum right, and the damaged one has, at the
 * length that it was written with.
 *
 * A log is blocks of 32 KiB, each of whole records, or first, middle and last parts of larger ones:
 *
 *	checksum 4 | length 2 | kind 1 | bytes		the checksum is of kind and bytes
 *
 * Within a block that is not the log's last one RocksDB refuses a bad length itself, and a bad checksum
 * anywhere. So only the last block is looked at, and in it only the record that is too long.
 */
#include "state/wal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"

enum { BLOCK = 32768, HEADER = 7, KIND = 6, KINDS = 4 };

/* ---- CRC-32C, a bit at a time: of one block, now and then */

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	return crc;
}

/* As the log has it: RocksDB turns checksums over, since what it writes may hold checksums itself. */
static uint32_t stored_as(uint32_t crc)
{
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* ---- a block */

static uint32_t length_of(const uint8_t *record)
{
	return record[4] | (uint32_t)record[5] << 8;
}

static uint32_t checksum_of(const uint8_t *record)
{
	return record[0] | (uint32_t)record[1] << 8 | (uint32_t)record[2] << 16 |
	       (uint32_t)record[3] << 24;
}

/* Where the block's bytes end behind a record, or the next one may begin. */
static bool may_end_at(const uint8_t *p, uint32_t left)
{
	return left < HEADER || (p[KIND] >= 1 && p[KIND] <= KINDS);
}

/* Whether a shorter length makes the record whole. */
static bool was_whole(const uint8_t *record, uint32_t n)
{
	uint32_t crc = crc_byte(~0u, record[KIND]);

	for (uint32_t i = HEADER; i <= n; i++) {
		if (stored_as(crc) == checksum_of(record) && may_end_at(record + i, n - i))
			return true;
		if (i < n)
			crc = crc_byte(crc, record[i]);
	}
	return false;
}

static bool length_is_damaged(const uint8_t *block, uint32_t n)
{
	uint32_t at = 0;

	while (n - at >= HEADER && length_of(block + at) <= n - at - HEADER)
		at += HEADER + length_of(block + at);
	return n - at >= HEADER && was_whole(block + at, n - at);
}

/* ---- logs */

static wr_status check_log(const char *path, const char *name, uint8_t *block, wr_err *err)
{
	char file[4096];
	struct stat st;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return WR_OK; /* RocksDB says what is wrong with it */
	}
	ssize_t n = pread(fd, block, BLOCK, st.st_size / BLOCK * BLOCK);

	close(fd);
	if (n <= 0 || !length_is_damaged(block, (uint32_t)n))
		return WR_OK;
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
		   "the state in %s is damaged: a record of %s has a wrong length", path, name);
	return wr_err_hint(err,
			   "Restore the data directory from a backup, or use another one and let "
			   "the queries read their sources again");
}

wr_status wr_wal_check(const char *path, wr_err *err)
{
	DIR *d = opendir(path);
	uint8_t *block = wr_malloc(BLOCK);
	wr_status status = WR_OK;
	struct dirent *e;

	while (d && status == WR_OK && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 4 && strcmp(e->d_name + n - 4, ".log") == 0)
			status = check_log(path, e->d_name, block, err);
	}
	if (d)
		closedir(d);
	free(block);
	return status;
}
