/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * A program that takes another one's place (freplace): the one attacked is of type XDP, and the one that replaces it names its
 * descriptor when it is loaded. Both say by BTF what their function is like: int target(struct xdp_md *ctx).
 */
#define _GNU_SOURCE
#include "attack.h"
#include "bpfcall.h"

#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the target's BTF is kept for whom its program is left to. */
#define LEFT_BTF 101
#define FUNCTION 5	/* the type's number below */
#define XDP_PASS 2

#define KIND(kind, count) ((uint32_t)(kind) << 24 | (count))

static const char strings[] = "\0int\0xdp_md\0ctx\0target";

enum { NAME_INT = 1, NAME_CONTEXT_TYPE = 5, NAME_CONTEXT = 12, NAME_FUNCTION = 16 };

static const struct {
	struct btf_header header;
	uint32_t types[3 + 1 + 3 + 3 + 3 + 2 + 3];
	char strings[sizeof(strings)];
} btf = {
	.header = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(struct btf_header), .type_len = 18 * 4,
		    .str_off = 18 * 4, .str_len = sizeof(strings) },
	.types = {
		NAME_INT, KIND(BTF_KIND_INT, 0), 4, (BTF_INT_SIGNED << 24) | 32,	/* 1 */
		NAME_CONTEXT_TYPE, KIND(BTF_KIND_STRUCT, 0), 24,			/* 2 */
		0, KIND(BTF_KIND_PTR, 0), 2,						/* 3 */
		0, KIND(BTF_KIND_FUNC_PROTO, 1), 1, NAME_CONTEXT, 3,			/* 4 */
		NAME_FUNCTION, KIND(BTF_KIND_FUNC, BTF_FUNC_GLOBAL), 4,			/* 5 */
	},
	.strings = "\0int\0xdp_md\0ctx\0target",
};

int load_btf(int token)
{
	struct btf_attr attr = { .btf = (uintptr_t)&btf, .size = sizeof(btf.header) + sizeof(btf.types) + sizeof(btf.strings) };

	if (token) {
		attr.flags = F_TOKEN_FD;
		attr.token_fd = token;
	}
	return BPF(BPF_BTF_LOAD, &attr);
}

static int load(struct prog_attr *attr, int result, int token)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = result },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_func_info function = { .insn_off = 0, .type_id = FUNCTION };

	attr->code = (uintptr_t)code;
	attr->count = 2;
	attr->licence = (uintptr_t)"GPL";
	attr->functions = (uintptr_t)&function;
	attr->function_size = sizeof(function);
	attr->function_count = 1;
	if (token) {
		attr->flags = F_TOKEN_FD;
		attr->token_fd = token;
	}
	return BPF(BPF_PROG_LOAD, attr);
}

int load_target(int btf_fd, int token)
{
	struct prog_attr attr = { .type = BPF_PROG_TYPE_XDP, .btf_fd = btf_fd };

	return load(&attr, XDP_PASS, token);
}

int load_extension(int btf_fd, int target, int token)
{
	struct prog_attr attr = { .type = BPF_PROG_TYPE_EXT, .btf_fd = btf_fd, .attach_btf_id = FUNCTION, .attach_fd = target };

	return load(&attr, XDP_PASS + 1, token);
}

/* Loads a program that can be replaced, and leaves it with its BTF to a program that did not: PROGRAM. */
static int run_leave_target(char **argument)
{
	char number[12];
	char *words[] = { argument[0], "bpf-extend", number, NULL };
	int btf_fd = load_btf(0), target = btf_fd < 0 ? -1 : load_target(btf_fd, 0);

	if (target < 0)
		return refused("bpf");
	if (dup2(btf_fd, LEFT_BTF) != LEFT_BTF || dup2(target, LEFT_BTF + 1) != LEFT_BTF + 1)
		bad_scene("dup2");
	snprintf(number, sizeof(number), "%d", LEFT_BTF + 1);
	execv(words[0], words);
	bad_scene(words[0]);
}

/* Replaces what was left to it. */
static int run_extend(char **argument)
{
	int extension = load_extension(LEFT_BTF, atoi(argument[0]), 0);
	union bpf_attr link = {};

	if (extension < 0)
		return refused("prog_load");
	link.link_create.prog_fd = extension;
	return BPF(BPF_LINK_CREATE, &link) < 0 ? refused("link_create") : 0;
}

const struct attack extension_attacks[] = {
	{ "bpf-leave-target", "PROGRAM", run_leave_target },
	{ "bpf-extend", "FD", run_extend },
	{}
};
