/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * BPF tokens (6.9 and later). None of these programs sleeps.
 *
 *	bpf_prog_load,		trusted loaders load by a token only, where the policy wants it
 *	bpf_map_create
 *	bpf_token_create	no token delegates more than the policy says
 */
#ifndef TRUSTED_BPF_TOKEN_BPF_H
#define TRUSTED_BPF_TOKEN_BPF_H

#define TRUST_MAP_CREATE 0	/* BPF_MAP_CREATE */
#define TRUST_PROG_LOAD 5	/* BPF_PROG_LOAD */

/*
 * True when a trusted loader is to be refused for having no token. The kernel hands the hook a token only if that delegates the command,
 * else none; the verifier takes it for one that is always there, so it is asked for what it delegates.
 */
static __noinline int trust_lacks_token(__u64 delegated, __u32 command)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct trust_mark *mark;
	__s32 error;

	if (delegated & (1ULL << (command & 63)))
		return 0;
	mark = bpf_task_storage_get(&marks, task->group_leader, 0, 0);
	if (trust_runs_garrison(task->group_leader, mark) || trust_reason(task->group_leader, &error) != TRUSTED_BPF_TRUSTED)
		return 0;
	return trust_denies(TRUSTED_BPF_CALL, command, TRUSTED_BPF_NO_TOKEN, 0, 0);
}

/*
 * Before 6.15 these hooks have three arguments, and what is read as the fourth is their result so far, 0. This one's token is always none,
 * since the kernel has given it to the program before it asks.
 */
SEC("?lsm/bpf_prog_load")
int BPF_PROG(trust_prog_token, struct bpf_prog *prog, union bpf_attr *attr, struct bpf_token *token, int kernel)
{
	if (!kernel && trust_lacks_token(BPF_CORE_READ(prog, aux, token, allowed_cmds), TRUST_PROG_LOAD))
		return garrison_deny(garrison_hook("bpf_prog_load"));
	return 0;
}

SEC("?lsm/bpf_map_create")
int BPF_PROG(trust_map_token, struct bpf_map *map, union bpf_attr *attr, struct bpf_token *token, int kernel)
{
	if (!kernel && trust_lacks_token(BPF_CORE_READ(token, allowed_cmds), TRUST_MAP_CREATE))
		return garrison_deny(garrison_hook("bpf_map_create"));
	return 0;
}

#define TRUST_TOKEN_CREATE 36	/* BPF_TOKEN_CREATE */

/* Whether a token delegates more of one kind than the policy says; of a kind that it does not name, all may be delegated. */
static __always_inline bool trust_exceeds(void *now, __u32 kind, __u64 delegated)
{
	struct trusted_bpf_key key = { .kind = TRUSTED_BPF_TOKEN_LIMIT, .more = kind };
	struct trusted_bpf_value *limit = bpf_map_lookup_elem(now, &key);

	return limit && delegated & ~limit->bits;
}

/* Which limit of the policy a token exceeds; 0 for none. */
static __noinline __u32 trust_token_excess(__u64 cmds, __u64 maps, __u64 progs, __u64 attachs)
{
	__u32 zero = 0;
	void *now = bpf_map_lookup_elem(&policy, &zero);

	if (!now)
		return 0;
	if (trust_exceeds(now, TRUSTED_BPF_LIMIT_CMDS, cmds))
		return TRUSTED_BPF_TOKEN_CMDS;
	if (trust_exceeds(now, TRUSTED_BPF_LIMIT_MAPS, maps))
		return TRUSTED_BPF_TOKEN_MAPS;
	if (trust_exceeds(now, TRUSTED_BPF_LIMIT_PROGS, progs))
		return TRUSTED_BPF_TOKEN_PROGS;
	if (trust_exceeds(now, TRUSTED_BPF_LIMIT_ATTACHS, attachs))
		return TRUSTED_BPF_TOKEN_ATTACHS;
	return 0;
}

/* A token has by now what its file system delegates; who may have one at all has been asked by the hook bpf. */
SEC("?lsm/bpf_token_create")
int BPF_PROG(trust_token_create, struct bpf_token *token, union bpf_attr *attr, const struct path *path, int ret)
{
	__u32 excess;

	if (ret)
		return ret;
	excess = trust_token_excess(BPF_CORE_READ(token, allowed_cmds), BPF_CORE_READ(token, allowed_maps),
				    BPF_CORE_READ(token, allowed_progs), BPF_CORE_READ(token, allowed_attachs));
	if (excess && trust_denies(TRUSTED_BPF_CALL, TRUST_TOKEN_CREATE, excess, 0, 0))
		return garrison_deny(garrison_hook("bpf_token_create"));
	return 0;
}

#endif
