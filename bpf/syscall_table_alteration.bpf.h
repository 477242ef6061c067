/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What all reports of alterations have in common: the record, and whose act it was. */
#ifndef SYSCALL_TABLE_ALTERATION_BPF_H
#define SYSCALL_TABLE_ALTERATION_BPF_H

#include "syscall_table_memory.bpf.h"

/* A record with nothing in it but what is acted; NULL when the ring is full. */
static __always_inline struct syscall_table_alteration_event *begin_alteration(__u32 action)
{
	struct syscall_table_alteration_event *event = garrison_reserve(sizeof(*event), SYSCALL_TABLE_ALTERATION);

	if (!event)
		return NULL;
	__builtin_memset((char *)event + sizeof(event->header), 0, sizeof(*event) - sizeof(event->header));
	event->action = action;
	return event;
}

/* The current process, without a look into memory that lockdown forbids: types do. */
static __always_inline void put_actor(struct syscall_table_alteration_event *event)
{
	struct task_struct *task = bpf_get_current_task_btf();

	event->tgid = task->tgid;
	event->pid = task->pid;
	event->ppid = task->real_parent->tgid;
	event->uid = task->cred->uid.val;
	event->euid = task->cred->euid.val;
	event->gid = task->cred->gid.val;
	event->capabilities = *(__u64 *)&task->cred->cap_effective;
	event->cgroup = task->cgroups->dfl_cgrp->kn->id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

static __always_inline struct syscall_table_alteration_event *begin_act(__u32 action)
{
	struct syscall_table_alteration_event *event = begin_alteration(action);

	if (event)
		put_actor(event);
	return event;
}

#endif
