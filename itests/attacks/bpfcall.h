/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* bpf(2) with the fields of kernels that are newer than the headers. What an older kernel does not know must be 0. */
#ifndef BPFCALL_H
#define BPFCALL_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TOKEN_CREATE 36
#define F_TOKEN_FD (1U << 16)

struct prog_attr {
	uint32_t type, count;
	uint64_t code, licence;
	uint32_t log_level, log_size;
	uint64_t log;
	uint32_t version, flags;
	char name[16];
	uint32_t interface, attach_type, btf_fd, function_size;
	uint64_t functions;
	uint32_t function_count, line_size;
	uint64_t lines;
	uint32_t line_count, attach_btf_id, attach_fd, relocation_count;
	uint64_t fd_array, relocations;
	uint32_t relocation_size, log_true_size, token_fd, fd_array_count;
	uint64_t signature;
	uint32_t signature_size;
	int32_t keyring;
};

_Static_assert(offsetof(struct prog_attr, btf_fd) == 72 && offsetof(struct prog_attr, attach_btf_id) == 108, "as union bpf_attr");
_Static_assert(offsetof(struct prog_attr, signature) == 152 && sizeof(struct prog_attr) == 168, "as union bpf_attr");

struct map_attr {
	uint32_t type, key_size, value_size, entries, flags, inner_fd, more[13], token_fd;
	uint64_t program_hash;
	uint32_t program_hash_size, reserved;
};

_Static_assert(offsetof(struct map_attr, token_fd) == 76 && offsetof(struct map_attr, program_hash) == 80, "as union bpf_attr");

struct btf_attr {
	uint64_t btf, log;
	uint32_t size, log_size, log_level, log_true_size, flags, token_fd;
};

_Static_assert(sizeof(struct btf_attr) == 40, "as union bpf_attr");

struct token_attr {
	uint32_t flags, bpffs_fd;
};

#define BPF(command, attr) ((int)syscall(SYS_bpf, command, attr, sizeof(*(attr))))

/* In extension.c: by a token, or 0. A descriptor, or -1 with errno. */
int load_btf(int token);
int load_target(int btf, int token);
int load_extension(int btf, int target, int token);

#endif
