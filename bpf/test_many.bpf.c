// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* For tests: one program more on a hook than a trampoline takes (38). Attached in guests only. Not part of any bundle. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ONE(name)				\
	SEC("lsm/inode_mknod")			\
	int BPF_PROG(mknod_##name, struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev, int ret) \
	{					\
		return ret;			\
	}
#define TEN(name) ONE(name##0) ONE(name##1) ONE(name##2) ONE(name##3) ONE(name##4) \
		  ONE(name##5) ONE(name##6) ONE(name##7) ONE(name##8) ONE(name##9)

TEN(0) TEN(1) TEN(2)
ONE(30) ONE(31) ONE(32) ONE(33) ONE(34) ONE(35) ONE(36) ONE(37) ONE(38)
