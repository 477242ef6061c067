// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Asks for the fs-verity digest of every file that is opened, which only kernels from 6.8 on tell; refuses none. */
#include "garrison.bpf.h"

/* What the neighbour plugin binds; this object tells none. */
struct unlink_seen {
	struct garrison_event header;
	__u32 pid;
	__u32 reserved;
};

const struct unlink_seen *unused_unlink_seen __attribute__((unused));

extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym;

/* struct fsverity_digest with room for SHA-512. */
struct digest {
	__u8 bytes[68];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct digest);
} scratch SEC(".maps");

SEC("lsm/file_open")
int BPF_PROG(measure_open, struct file *file, int ret)
{
	__u32 first = 0;
	struct digest *digest = bpf_map_lookup_elem(&scratch, &first);
	struct bpf_dynptr room;

	if (ret || !digest)
		return ret;
	if (!bpf_dynptr_from_mem(digest->bytes, sizeof(digest->bytes), 0, &room))
		bpf_get_fsverity_digest(file, &room);
	return 0;
}

GARRISON_LICENSE;
