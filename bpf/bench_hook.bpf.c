// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * What the hook benchmark measures: one hook with all that the shared header gives a decision. The mode, others that have
 * taken over, the heartbeat if somebody asks for it, a counter. bench_hook_bare.bpf.c does the same by hand. Attached in
 * guests only.
 */
#include "garrison.bpf.h"

GARRISON_LICENSE;

const volatile __u32 bench_forbidden = 0;

SEC("lsm/task_getpgid")
int BPF_PROG(bench_hook, struct task_struct *task, int ret)
{
	if (ret)
		return ret;
	garrison_count(true);
	if (garrison_enforcing() && (__u32)task->tgid == bench_forbidden)
		return -EPERM;
	return 0;
}
