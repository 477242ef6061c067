/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * A signed loader program with what it loads by: an exclusive map, whose contents the program compares with the digest that is in
 * its own instructions. What is done with the map, in which order, the caller says. Since 6.18.
 */
#define _GNU_SOURCE
#include "attack.h"
#include "bpfcall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DIGEST 32
#define LARGEST 8192

/* struct bpf_map_info of those kernels. */
struct map_info {
	uint32_t type, id, key_size, value_size, entries, flags;
	char name[16];
	uint32_t interface, vmlinux_type;
	uint64_t device, inode;
	uint32_t btf, key_type, value_type, vmlinux;
	uint64_t extra, hash;
	uint32_t hash_size, reserved;
};

_Static_assert(offsetof(struct map_info, hash) == 88, "as struct bpf_map_info");

struct scene {
	char code[LARGEST], data[LARGEST], hash[LARGEST], signature[LARGEST];
	ssize_t code_length, data_length, hash_length, signature_length;
	int map, program, entries;
	long keyring;
};

static ssize_t read_file(const char *path, char *to)
{
	int fd;
	ssize_t length;

	if (!strcmp(path, "none"))
		return 0;
	fd = must_open(path, O_RDONLY);
	length = read(fd, to, LARGEST);
	if (length < 0)
		bad_scene(path);
	close(fd);
	return length;
}

/* All elements, each its part of the data. */
static int update(struct scene *s)
{
	for (uint32_t i = 0; i < (uint32_t)s->entries; i++) {
		union bpf_attr attr = { .map_fd = s->map, .key = (uintptr_t)&i,
					.value = (uintptr_t)s->data + i * (s->data_length / s->entries) };

		if (BPF(BPF_MAP_UPDATE_ELEM, &attr) < 0)
			return refused("map_update_elem");
	}
	return 0;
}

static int freeze(struct scene *s)
{
	union bpf_attr attr = { .map_fd = s->map };

	return BPF(BPF_MAP_FREEZE, &attr) < 0 ? refused("map_freeze") : 0;
}

/* Has the kernel compute the digest, and prints it. */
static int ask_hash(struct scene *s, uint32_t size)
{
	unsigned char hash[DIGEST] = {};
	struct map_info info = { .hash = (uintptr_t)hash, .hash_size = size };
	union bpf_attr attr = { .info = { .bpf_fd = s->map, .info_len = sizeof(info), .info = (uintptr_t)&info } };

	if (BPF(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0)
		return refused("obj_get_info_by_fd");
	for (int i = 0; i < DIGEST; i++)
		printf("%02x", hash[i]);
	printf("\n");
	return 0;
}

static int map_writable(struct scene *s)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, s->map, 0) == MAP_FAILED ? refused("mmap") : 0;
}

static int load(struct scene *s)
{
	struct prog_attr attr = { .type = BPF_PROG_TYPE_SYSCALL, .count = s->code_length / 8, .code = (uintptr_t)s->code,
				  .licence = (uintptr_t)"Dual BSD/GPL", .flags = BPF_F_SLEEPABLE, .fd_array = (uintptr_t)&s->map };

	if (s->signature_length) {
		attr.signature = (uintptr_t)s->signature;
		attr.signature_size = s->signature_length;
		attr.keyring = s->keyring;
	}
	s->program = BPF(BPF_PROG_LOAD, &attr);
	return s->program < 0 ? refused("prog_load") : 0;
}

/* What the program refuses it says by its result. */
static int run_program(struct scene *s)
{
	union bpf_attr attr = { .test.prog_fd = s->program };

	if (BPF(BPF_PROG_TEST_RUN, &attr) < 0)
		return refused("prog_run");
	errno = -(int)attr.test.retval;
	return errno ? refused("program") : 0;
}

/* Another map that would hand out this one. */
static int as_template(struct scene *s)
{
	struct map_attr attr = { .type = BPF_MAP_TYPE_ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .entries = 1, .inner_fd = s->map };

	return BPF(BPF_MAP_CREATE, &attr) < 0 ? refused("map_create outer") : 0;
}

static int as_element(struct scene *s)
{
	struct map_attr like = { .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = s->data_length, .entries = 1 };
	struct map_attr attr = { .type = BPF_MAP_TYPE_ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .entries = 1 };
	union bpf_attr put = {};
	uint32_t zero = 0;
	int outer;

	attr.inner_fd = BPF(BPF_MAP_CREATE, &like);
	outer = BPF(BPF_MAP_CREATE, &attr);
	if (outer < 0)
		bad_scene("outer map");
	put.map_fd = outer;
	put.key = (uintptr_t)&zero;
	put.value = (uintptr_t)&s->map;
	return BPF(BPF_MAP_UPDATE_ELEM, &put) < 0 ? refused("map_update_elem outer") : 0;
}

static int step(struct scene *s, char what)
{
	switch (what) {
	case 'u': return update(s);
	case 'f': return freeze(s);
	case 'h': return ask_hash(s, DIGEST);
	case 's': return ask_hash(s, DIGEST / 2);
	case 'm': return map_writable(s);
	case 'l': return load(s);
	case 'r': return run_program(s);
	case 't': return as_template(s);
	case 'e': return as_element(s);
	default: bad_scene("step");
	}
}

/*
 * CODE, DATA, HASH and SIGNATURE are files, or "none"; the map has ENTRIES elements (0: it is a hash table of one, and not exclusive),
 * and is exclusive to the program with the digest HASH, whose size is said to be SIZE. STEPS: letters, see step().
 */
static int run_metadata(char **argument)
{
	static struct scene s;
	struct map_attr map = { .type = BPF_MAP_TYPE_ARRAY, .key_size = 4 };

	s.code_length = read_file(argument[0], s.code);
	s.data_length = read_file(argument[1], s.data);
	s.hash_length = read_file(argument[2], s.hash);
	s.signature_length = read_file(argument[4], s.signature);
	s.keyring = atol(argument[5]);
	s.entries = atoi(argument[6]);
	map.entries = s.entries ? s.entries : 1;
	map.value_size = s.data_length / map.entries;
	if (!s.entries)
		map.type = BPF_MAP_TYPE_HASH;
	if (strchr(argument[7], 'm'))
		map.flags = BPF_F_MMAPABLE;
	if (s.hash_length)
		map.program_hash = (uintptr_t)s.hash;
	map.program_hash_size = atoi(argument[3]);
	s.map = BPF(BPF_MAP_CREATE, &map);
	if (s.map < 0)
		return refused("map_create");
	for (const char *what = argument[7]; *what; what++) {
		int result = step(&s, *what);

		if (result)
			return result;
	}
	return 0;
}

const struct attack metadata_attacks[] = {
	{ "bpf-metadata", "CODE DATA HASH SIZE SIGNATURE KEYRING ENTRIES STEPS", run_metadata },
	{}
};
