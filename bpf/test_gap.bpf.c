// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * For the tests of swaps and restarts: whoever makes a directory in one certain directory is refused in ENFORCE mode, and told
 * with the number that is the new directory's name. No product contains it.
 *
 *	gap_mkdir	refuses and tells
 *	gap_unlink	tells each unlink there, so that a policy has something to switch
 */
#include "garrison.bpf.h"

GARRISON_LICENSE;

struct gap_event {
	struct garrison_event header;
	__u32 number;
	__u32 refused;
};

struct gap_event *unused_gap_event __attribute__((unused));

const volatile __u64 gap_directory = 0;

/* Kept over swaps and restarts: how often gap_mkdir was asked, all runs together. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} gap_asked SEC(".maps");

/* Granted to this task, unless nobody is there to answer for it. */
const volatile __u32 gap_granted = 0;

static __always_inline __u32 number_of(struct dentry *dentry)
{
	char name[16] = {};
	__u32 number = 0, i;

	bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
	for (i = 0; i < 9; i++) {
		if (name[i] < '0' || name[i] > '9')
			break;
		number = number * 10 + (name[i] - '0');
	}
	return number;
}

static __always_inline void tell(__u32 type, struct dentry *dentry, bool refused)
{
	struct gap_event *event = garrison_reserve_for(sizeof(*event), type, refused);

	if (!event)
		return;
	event->number = number_of(dentry);
	event->refused = refused;
	bpf_ringbuf_submit(event, 0);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(gap_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	__u32 zero = 0;
	__u64 *asked;

	if (ret)
		return ret;
	if (dir->i_ino != gap_directory)
		return 0;
	asked = bpf_map_lookup_elem(&gap_asked, &zero);
	if (asked)
		__sync_fetch_and_add(asked, 1);
	if (gap_granted && bpf_get_current_pid_tgid() >> 32 == gap_granted && !garrison_fallen_closed())
		return 0;
	if (!garrison_enforcing()) {
		tell(1, dentry, false);
		return 0;
	}
	tell(1, dentry, true);
	return garrison_deny(garrison_hook("inode_mkdir"));
}

SEC("lsm/inode_unlink")
int BPF_PROG(gap_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	if (dir->i_ino == gap_directory)
		tell(2, dentry, false);
	return 0;
}
