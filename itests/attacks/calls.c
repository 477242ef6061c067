/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * No attack: thousands of calls on files, drawn by chance from one seed, each told with what came of it. In folders that are alike,
 * before kernels and policies that decide alike, every line is the same. Nothing that may differ is told: no numbers of files,
 * descriptors or processes, no times.
 */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SLOTS 6
#define MOST 65536		/* bytes that a file grows to */
#define SECONDS 120		/* what takes longer waits for something */

/* What is there when it begins; a folder's name ends with a stroke. `own` is the caller's, also where the rest is not. */
static const char *const scene[] = {
	"d0/", "d0/d1/", "d2/", "closed/", "a", "b", "own", "other", "denied", "d0/a", "d0/own", "d0/denied", "d0/d1/a", "d2/a", "d2/own",
	"closed/a",
};

/* Some of them exist, some come about, some cannot: those behind SOUND. */
#define SOUND 27
static const char *const names[] = {
	"a", "b", "c", "own", "other", "denied", "d0", "d0/a", "d0/b", "d0/own", "d0/denied", "d0/d1", "d0/d1/a", "d0/d1/b", "d2",
	"d2/a", "d2/own", "d2/new", "d2/d3", "closed", "closed/a", "link", "folder-link", "folder-link/a", "new", "d0/new", "d0/d1/own",
	"loop", "nowhere", "d0/../a", "./b", "a/x", "missing/a", "", "folder-link/../d2/a",
	"a-name-that-is-longer-than-any-file-system-here-takes-for-one-since-it-has-more-than-two-hundred-and-fifty-five-bytes-"
	"which-is-what-all-of-them-take-and-so-this-one-goes-on-and-on-until-it-has-them-all-and-some-more-to-be-quite-sure-of-it-"
	"which-should-be-about-now-or-a-little-later",
};

static uint64_t state;
static int slots[SLOTS];

static uint32_t chance(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL >> 32) % below;
}

static const char *name(void)
{
	return names[chance(10) ? chance(SOUND) : chance(sizeof(names) / sizeof(*names))];
}

static int slot(void)
{
	return slots[chance(SLOTS)];
}

/* Keeps a descriptor in place of another; tells only that there is one. */
static long keep(long fd)
{
	uint32_t place = chance(SLOTS);

	if (fd < 0)
		return fd;
	if (slots[place] >= 0)
		close(slots[place]);
	slots[place] = fd;
	return 0;
}

static int open_flags(void)
{
	static const int more[] = { 0, 0, 0, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_APPEND, O_CREAT | O_TRUNC, O_DIRECTORY, O_NOFOLLOW,
				    O_PATH, O_TMPFILE, O_SYNC, O_NOATIME };

	/* Never waits for the other end of a FIFO. */
	return chance(4) | more[chance(sizeof(more) / sizeof(*more))] | O_NONBLOCK | O_CLOEXEC;
}

static long call_open(void)
{
	return keep(open(name(), open_flags(), 0600 + chance(0200)));
}

static long call_openat2(void)
{
	struct open_how how = { .flags = open_flags(), .resolve = chance(0x20) };

	if (how.flags & (O_CREAT | O_TMPFILE))
		how.mode = 0644;
	return keep(syscall(SYS_openat2, AT_FDCWD, name(), &how, sizeof(how)));
}

static long call_reopen(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", slot());
	return keep(open(path, open_flags() & ~O_CREAT, 0644));
}

static long call_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount, flags = open_flags() & ~(O_CREAT | O_TMPFILE);
	const char *of = name();

	if (name_to_handle_at(AT_FDCWD, of, &handle.head, &mount, 0))
		return -1;
	return keep(open_by_handle_at(AT_FDCWD, &handle.head, flags));
}

static long sum(const unsigned char *bytes, long length)
{
	long sum = length;

	for (long i = 0; i < length; i++)
		sum = (sum * 31 + bytes[i]) & 0xffffff;
	return length < 0 ? length : sum;
}

static long call_read(void)
{
	unsigned char bytes[256];

	return sum(bytes, read(slot(), bytes, chance(sizeof(bytes))));
}

static long call_pread(void)
{
	unsigned char bytes[256];

	return sum(bytes, pread(slot(), bytes, sizeof(bytes), chance(MOST)));
}

static long call_write(void)
{
	return write(slot(), "some bytes that are written", 1 + chance(27));
}

static long call_pwrite(void)
{
	return pwrite(slot(), "other bytes", 11, chance(MOST));
}

static long call_close(void)
{
	uint32_t place = chance(SLOTS);
	int fd = slots[place];

	if (chance(3))
		return keep(fcntl(fd, F_DUPFD_CLOEXEC, 3));
	slots[place] = -1;
	return close(fd);
}

static long call_truncate(void)
{
	return truncate(name(), chance(MOST));
}

static long call_ftruncate(void)
{
	return ftruncate(slot(), chance(MOST));
}

static long call_fallocate(void)
{
	static const int modes[] = { 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE };

	return fallocate(slot(), modes[chance(4)], chance(MOST), 1 + chance(8192));
}

static long call_rename(void)
{
	const char *from = name();

	return rename(from, name());
}

static long call_renameat2(void)
{
	const char *from = name();

	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, name(), chance(8));
}

static long call_link(void)
{
	const char *from = name();

	return linkat(AT_FDCWD, from, AT_FDCWD, name(), chance(2) ? AT_SYMLINK_FOLLOW : 0);
}

static long call_link_descriptor(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", slot());
	return linkat(AT_FDCWD, path, AT_FDCWD, name(), AT_SYMLINK_FOLLOW);
}

static long call_symlink(void)
{
	const char *to = name();

	return symlink(to, name());
}

static long call_unlink(void)
{
	return unlinkat(AT_FDCWD, name(), chance(3) ? 0 : AT_REMOVEDIR);
}

static long call_mkdir(void)
{
	return mkdir(name(), 0700 + chance(0100));
}

static long call_mknod(void)
{
	static const mode_t types[] = { S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR };

	return mknod(name(), types[chance(4)] | 0644, makedev(1, 3));
}

static long call_chmod(void)
{
	return chmod(name(), 0400 + chance(0400));
}

static long call_fchmod(void)
{
	return fchmod(slot(), 0400 + chance(0400));
}

static long call_chown(void)
{
	uid_t uid = chance(3) ? geteuid() : 4712;

	return fchownat(AT_FDCWD, name(), uid, -1, chance(2) ? AT_SYMLINK_NOFOLLOW : 0);
}

static long call_utimens(void)
{
	const struct timespec times[] = { { .tv_sec = 1 }, { .tv_nsec = chance(2) ? UTIME_NOW : UTIME_OMIT } };

	return utimensat(AT_FDCWD, name(), times, 0);
}

static const char *attribute(void)
{
	static const char *const all[] = { "user.one", "user.two", "trusted.one", "system.posix_acl_access", "no.such" };

	return all[chance(5)];
}

static long call_setxattr(void)
{
	const char *of = name();

	return setxattr(of, attribute(), "value", 5, chance(3));
}

static long call_fsetxattr(void)
{
	int fd = slot();

	return fsetxattr(fd, attribute(), "else", 4, 0);
}

static long call_getxattr(void)
{
	unsigned char value[64];
	const char *of = name();

	return sum(value, getxattr(of, attribute(), value, sizeof(value)));
}

static long call_removexattr(void)
{
	const char *of = name();

	return removexattr(of, attribute());
}

static long call_listxattr(void)
{
	char list[1024];

	return listxattr(name(), list, sizeof(list));
}

static long call_stat(void)
{
	struct stat stat;

	if (fstatat(AT_FDCWD, name(), &stat, chance(2) ? AT_SYMLINK_NOFOLLOW : 0))
		return -1;
	return S_ISREG(stat.st_mode) ? stat.st_size ^ (long)stat.st_mode << 20 ^ (long)stat.st_nlink << 40 : stat.st_mode;
}

static long call_access(void)
{
	return syscall(SYS_faccessat2, AT_FDCWD, name(), chance(8), chance(2) ? AT_EACCESS : 0);
}

static long call_readlink(void)
{
	unsigned char target[512];

	return sum(target, readlink(name(), (char *)target, sizeof(target)));
}

static long call_getdents(void)
{
	char records[4096];

	return syscall(SYS_getdents64, slot(), records, sizeof(records)) < 0 ? -1 : 0;
}

static long call_mmap(void)
{
	void *at = mmap(NULL, 4096, chance(8), chance(2) ? MAP_SHARED : MAP_PRIVATE, slot(), 0);
	long result;

	if (at == MAP_FAILED)
		return -1;
	result = chance(2) ? mprotect(at, 4096, chance(8)) : 0;
	munmap(at, 4096);
	return result;
}

static long call_ioctl(void)
{
	int value, fd = slot(), flags = chance(4);

	if (ioctl(fd, FS_IOC_GETFLAGS, &value))
		return -1;
	/* The others as they are: whether ext4 can do without extents hangs on what it has written to the disk by now. */
	value = (value & ~(FS_NODUMP_FL | FS_NOATIME_FL)) | (flags & 1 ? FS_NODUMP_FL : 0) | (flags & 2 ? FS_NOATIME_FL : 0);
	return chance(2) ? ioctl(fd, FS_IOC_SETFLAGS, &value) : value & 0xff;
}

static long call_clone(void)
{
	int from = slot();

	return ioctl(slot(), FICLONE, from);
}

static long call_sendfile(void)
{
	off_t at = chance(MOST);
	int to = slot();

	return sendfile(to, slot(), &at, 64);
}

static long call_copy(void)
{
	off_t from = chance(MOST), to = chance(MOST);
	int source = slot();

	return copy_file_range(source, &from, slot(), &to, 64, 0);
}

static long call_splice(void)
{
	int ends[2], fd = slot();
	long result;

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		bad_scene("pipe");
	result = splice(fd, NULL, ends[1], NULL, 64, SPLICE_F_NONBLOCK);
	if (result > 0)
		result = splice(ends[0], NULL, slot(), NULL, 64, SPLICE_F_NONBLOCK);
	for (int i = 0, error = errno; i < 2; i++) {
		close(ends[i]);
		errno = error;
	}
	return result;
}

static long call_lseek(void)
{
	return lseek(slot(), chance(4096), chance(2) ? SEEK_SET : SEEK_END);
}

static long call_flock(void)
{
	return flock(slot(), (chance(2) ? LOCK_SH : LOCK_UN) | LOCK_NB);
}

static long call_setfl(void)
{
	return fcntl(slot(), F_SETFL, O_NONBLOCK | (chance(2) ? O_APPEND : 0) | (chance(2) ? O_NOATIME : 0));
}

static long call_fsync(void)
{
	return fsync(slot());
}

static long call_chdir(void)
{
	int here = open(".", O_PATH | O_CLOEXEC);
	long result = chdir(name());
	int error = errno;

	if (fchdir(here))
		bad_scene("the folder");
	close(here);
	errno = error;
	return result;
}

static long call_execve(void)
{
	const char *of = name();
	char *const none[] = { NULL };
	int status;
	pid_t child = vfork();

	if (child < 0)
		bad_scene("vfork");
	if (!child) {
		execve(of, none, none);
		_exit(errno);
	}
	if (waitpid(child, &status, 0) != child)
		bad_scene("waitpid");
	errno = WEXITSTATUS(status);
	return -1;
}

static const struct {
	const char *name;
	long (*make)(void);
} calls[] = {
	{ "open", call_open }, { "open", call_open }, { "open", call_open }, { "openat2", call_openat2 }, { "reopen", call_reopen },
	{ "handle", call_handle }, { "read", call_read }, { "pread", call_pread }, { "write", call_write }, { "pwrite", call_pwrite },
	{ "close", call_close }, { "truncate", call_truncate }, { "ftruncate", call_ftruncate }, { "fallocate", call_fallocate },
	{ "rename", call_rename }, { "renameat2", call_renameat2 }, { "link", call_link }, { "link-descriptor", call_link_descriptor },
	{ "symlink", call_symlink }, { "unlink", call_unlink }, { "mkdir", call_mkdir }, { "mknod", call_mknod }, { "chmod", call_chmod },
	{ "fchmod", call_fchmod }, { "chown", call_chown }, { "utimens", call_utimens }, { "setxattr", call_setxattr },
	{ "fsetxattr", call_fsetxattr }, { "getxattr", call_getxattr }, { "removexattr", call_removexattr },
	{ "listxattr", call_listxattr }, { "stat", call_stat }, { "access", call_access }, { "readlink", call_readlink },
	{ "getdents", call_getdents }, { "mmap", call_mmap }, { "ioctl", call_ioctl }, { "clone", call_clone },
	{ "sendfile", call_sendfile }, { "copy", call_copy }, { "splice", call_splice }, { "lseek", call_lseek }, { "flock", call_flock },
	{ "setfl", call_setfl }, { "fsync", call_fsync }, { "chdir", call_chdir }, { "execve", call_execve },
};

static void make_scene(const char *folder, uid_t owner)
{
	if (mkdir(folder, 0777) || chmod(folder, 0777) || chdir(folder))
		bad_scene(folder);
	for (size_t i = 0; i < sizeof(scene) / sizeof(*scene); i++) {
		const char *one = scene[i];
		size_t length = strlen(one);

		if (one[length - 1] == '/') {
			if (mkdir(one, 0777) || chmod(one, strcmp(one, "closed/") ? 0777 : 0700))
				bad_scene(one);
			continue;
		}
		if (dprintf(must_open(one, O_WRONLY | O_CREAT | O_EXCL), "the content of %s\n", one) < 0 || chmod(one, strcmp(one, "other") ? 0644 : 0600) ||
		    (strstr(one, "own") && chown(one, owner, owner)))
			bad_scene(one);
	}
	if (symlink("a", "link") || symlink("d0", "folder-link") || symlink("loop", "loop") || symlink("gone", "nowhere") || chdir(".."))
		bad_scene("links");
}

/* Folders 0, 1, ... that are all alike. */
static int make_scenes(char **a)
{
	unsigned long count = strtoul(a[0], NULL, 10);
	char name[32];

	umask(022);
	if (mkdir(a[2], 0777) || chdir(a[2]))
		bad_scene(a[2]);
	for (unsigned long i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%lu", i);
		make_scene(name, strtoul(a[1], NULL, 10));
		closefrom(3);
	}
	return 0;
}

static void make_calls_in(const char *folder, unsigned long count)
{
	if (chdir(folder))
		bad_scene(folder);
	for (int i = 0; i < SLOTS; i++)
		slots[i] = open("own", O_RDWR | O_CLOEXEC);
	for (unsigned long i = 0; i < count; i++) {
		uint32_t which = chance(sizeof(calls) / sizeof(*calls));
		long result = calls[which].make();

		printf("%s/%lu %s ", folder, i, calls[which].name);
		if (result == -1)
			printf("%s\n", strerrorname_np(errno));
		else
			printf("= %ld\n", result);
	}
	closefrom(3);
	if (chdir(".."))
		bad_scene("..");
}

/* In each of the folders that make_scenes made. Soon everything lies somewhere else or is gone: so few calls in many folders. */
static int make_calls(char **a)
{
	unsigned long folders = strtoul(a[1], NULL, 10), count = strtoul(a[2], NULL, 10);
	char name[32];

	state = strtoull(a[0], NULL, 10) | 1;
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	alarm(SECONDS);
	if (chdir(a[3]))
		bad_scene(a[3]);
	for (unsigned long i = 0; i < folders; i++) {
		snprintf(name, sizeof(name), "%lu", i);
		make_calls_in(name, count);
	}
	return 0;
}

const struct attack mixed_calls[] = {
	{ "calls-scenes", "FOLDERS OWNER FOLDER", make_scenes },
	{ "calls", "SEED FOLDERS COUNT FOLDER", make_calls },
	{ 0 },
};
