// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* What another tool may do at the functions that cfi-monitor watches: look, at their entry and at their end. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("fentry/commit_creds")
int other_fentry(void *context)
{
	return 0;
}

SEC("fexit/commit_creds")
int other_fexit(void *context)
{
	return 0;
}

SEC("fexit/prepare_kernel_cred")
int other_fexit_prepare(void *context)
{
	return 0;
}

SEC("kprobe/commit_creds")
int other_kprobe(void *context)
{
	return 0;
}

SEC("kretprobe/commit_creds")
int other_kretprobe(void *context)
{
	return 0;
}
