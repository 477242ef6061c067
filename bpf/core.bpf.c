// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * The framework's own programs.
 *
 *	iter/task_file	which file is behind each descriptor of one process, as the kernel's hooks see it
 *
 * Without garrison.bpf.h: there are no events here, hence no ring buffer.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Java knows this layout (KernelFileIds). */
struct garrison_file_id {
	__u64 device;		/* of the super block, kernel encoding */
	__u64 inode;
	__u32 generation;
	__u32 fd;
};

/* The link names the process; the iterator calls once for each descriptor and once more at the end, with no file. */
SEC("iter/task_file")
int garrison_file_ids(struct bpf_iter__task_file *ctx)
{
	struct garrison_file_id id = {};
	struct file *file = ctx->file;

	if (!ctx->task || !file)
		return 0;
	id.device = file->f_inode->i_sb->s_dev;
	id.inode = file->f_inode->i_ino;
	id.generation = file->f_inode->i_generation;
	id.fd = ctx->fd;
	bpf_seq_write(ctx->meta->seq, &id, sizeof(id));
	return 0;
}
