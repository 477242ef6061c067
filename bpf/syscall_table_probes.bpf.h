/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Probes of the kernel and of programs, by whatever way they come: perf, tracefs, BPF, modules. */
#ifndef SYSCALL_TABLE_PROBES_BPF_H
#define SYSCALL_TABLE_PROBES_BPF_H

#include "syscall_table_alteration.bpf.h"

static const char text_format[] = "%s";

/* By the probe's type, not by address: so lockdown=confidentiality leaves it be. */
static __always_inline int tell_kprobe(__u32 action, struct kprobe *probe, __s32 result, bool known)
{
	struct syscall_table_alteration_event *event = begin_act(action);
	__u64 handler, place, name;

	if (!event)
		return 0;
	place = (__u64)probe->addr;
	handler = (__u64)probe->pre_handler;
	name = (__u64)probe->symbol_name;
	event->address = place;
	event->result = result;
	event->has_result = known;
	if (place)
		bpf_snprintf(event->name, sizeof(event->name), kernel_symbol_format, &place, sizeof(place));
	else if (name)
		bpf_snprintf(event->name, sizeof(event->name), text_format, &name, sizeof(name));
	if (handler)
		kernel_symbol_words(event->owner, handler);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("?fexit/register_kprobe")
int BPF_PROG(table_kprobe_register, struct kprobe *probe, int result)
{
	check_soon();
	return tell_kprobe(SYSCALL_TABLE_KPROBE_REGISTER, probe, result, true);
}

SEC("?fentry/unregister_kprobe")
int BPF_PROG(table_kprobe_unregister, struct kprobe *probe)
{
	return tell_kprobe(SYSCALL_TABLE_KPROBE_UNREGISTER, probe, 0, false);
}

/* It begins with its kprobe. */
SEC("?fentry/unregister_kretprobe")
int BPF_PROG(table_kretprobe_unregister, struct kprobe *probe)
{
	return tell_kprobe(SYSCALL_TABLE_KPROBE_UNREGISTER, probe, 0, false);
}

SEC("?fexit/enable_kprobe")
int BPF_PROG(table_kprobe_enable, struct kprobe *probe, int result)
{
	return tell_kprobe(SYSCALL_TABLE_KPROBE_ENABLE, probe, result, true);
}

SEC("?fexit/disable_kprobe")
int BPF_PROG(table_kprobe_disable, struct kprobe *probe, int result)
{
	return tell_kprobe(SYSCALL_TABLE_KPROBE_DISABLE, probe, result, true);
}

static __always_inline int tell_uprobe(__u32 action, struct inode *inode, __u64 offset)
{
	struct syscall_table_alteration_event *event = begin_act(action);

	if (event) {
		event->address = offset;
		event->id = inode->i_ino;
		event->other = inode->i_sb->s_dev;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

SEC("?fentry/uprobe_register")
int BPF_PROG(table_uprobe_register, struct inode *inode, __u64 offset)
{
	return tell_uprobe(SYSCALL_TABLE_UPROBE_REGISTER, inode, offset);
}

/* Until 6.10. */
SEC("?fentry/uprobe_unregister")
int BPF_PROG(table_uprobe_unregister, struct inode *inode, __u64 offset)
{
	return tell_uprobe(SYSCALL_TABLE_UPROBE_UNREGISTER, inode, offset);
}

/* Its struct is known to no header that other kernels' types come from. */
struct uprobe___since_6_11 {
	struct inode *inode;
	long long offset;
} __attribute__((preserve_access_index));

SEC("?fentry/uprobe_unregister_nosync")
int BPF_PROG(table_uprobe_unregister_nosync, struct uprobe___since_6_11 *uprobe)
{
	return tell_uprobe(SYSCALL_TABLE_UPROBE_UNREGISTER, uprobe->inode, uprobe->offset);
}

#endif
