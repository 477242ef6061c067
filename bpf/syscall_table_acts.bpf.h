/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Acts that alter the running kernel, each told with whose it was. What is asked and what came of it is known at two places. */
#ifndef SYSCALL_TABLE_ACTS_BPF_H
#define SYSCALL_TABLE_ACTS_BPF_H

#include "syscall_table_probes.bpf.h"

#define SOL_SOCKET 1
#define SO_ATTACH_FILTER 26
#define SO_DETACH_FILTER 27
#define SO_LOCK_FILTER 44
#define SO_ATTACH_BPF 50
#define SO_ATTACH_REUSEPORT_CBPF 51
#define SO_ATTACH_REUSEPORT_EBPF 52
#define PTRACE_MODE_ATTACH 0x02
#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_POKEUSER 6
#define PTRACE_SETREGS 13
#define PTRACE_SETFPREGS 15
#define PTRACE_SETREGSET 0x4205
#define READING_MODULE_FILE 2
#define HELPERS_MAX 256
#define INSNS_MAX 8192

/* A bpf() command, or a module's load, on its way. */
struct pending {
	__u64 id;
	__u64 helpers[4];
	__u32 kind;
	__u32 command;
	char name[40];
	char hash[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, __u64);
	__type(value, struct pending);
} table_pending SEC(".maps");

const volatile __u32 tell_elements = 0;
const volatile __u32 tell_reads = 0;

static __always_inline struct pending *pending_now(void)
{
	__u64 thread = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&table_pending, &thread);
}

static __always_inline bool is_own(void)
{
	return bpf_get_current_pid_tgid() >> 32 == own_process;
}

/* Names in BPF objects have 16 bytes. */
#define COPY_NAME(TO, FROM)                              \
	do {                                             \
		__u32 n;                                 \
		_Pragma("unroll") for (n = 0; n < 16; n++) \
			(TO)[n] = (FROM)[n];             \
	} while (0)

static __always_inline void note_command(int command, union bpf_attr *attr)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct pending fresh = {};

	if (is_own())
		return;
	if ((__u32)command < 32 && (ELEMENT_COMMANDS & 1u << command) && !tell_elements)
		return;
	fresh.command = command;
	if (command == BPF_PROG_LOAD) {
		fresh.kind = attr->prog_type;
		COPY_NAME(fresh.name, attr->prog_name);
	} else if (command == BPF_MAP_CREATE) {
		fresh.kind = attr->map_type;
		COPY_NAME(fresh.name, attr->map_name);
	} else if (command == BPF_PROG_GET_FD_BY_ID || command == BPF_MAP_GET_FD_BY_ID || command == BPF_LINK_GET_FD_BY_ID ||
		   command == BPF_BTF_GET_FD_BY_ID) {
		fresh.id = attr->start_id;
	}
	bpf_map_update_elem(&table_pending, &thread, &fresh, BPF_ANY);
}

SEC("?lsm/bpf")
int BPF_PROG(table_bpf_3, int command, union bpf_attr *attr, unsigned int size, int ret)
{
	if (ret)
		return ret;
	note_command(command, attr);
	return 0;
}

/* Since 6.15 the hook has a fourth argument. */
SEC("?lsm/bpf")
int BPF_PROG(table_bpf_4, int command, union bpf_attr *attr, unsigned int size, bool kernel, int ret)
{
	if (ret)
		return ret;
	note_command(command, attr);
	return 0;
}

/* A descriptor of a program is given out: now it has its id. */
SEC("lsm/bpf_prog")
int BPF_PROG(table_bpf_prog, struct bpf_prog *prog, int ret)
{
	struct pending *pending = pending_now();

	if (ret)
		return ret;
	if (pending) {
		pending->id = prog->aux->id;
		pending->kind = prog->type;
		COPY_NAME(pending->name, prog->aux->name);
	}
	return 0;
}

SEC("lsm/bpf_map")
int BPF_PROG(table_bpf_map, struct bpf_map *map, unsigned int mode, int ret)
{
	struct pending *pending = pending_now();

	if (ret)
		return ret;
	if (pending) {
		pending->id = map->id;
		pending->kind = map->map_type;
		COPY_NAME(pending->name, map->name);
	}
	return 0;
}

SEC("?fentry/bpf_link_settle")
int BPF_PROG(table_bpf_link, struct bpf_link_primer *primer)
{
	struct pending *pending = pending_now();
	struct bpf_prog *prog;

	if (!pending)
		return 0;
	pending->id = primer->id;
	pending->kind = primer->link->type;
	prog = primer->link->prog;
	if (prog)
		COPY_NAME(pending->name, prog->aux->name);
	return 0;
}

struct helper_walk {
	__u64 insns;
	struct pending *pending;
};

static long note_helper(__u32 i, struct helper_walk *w)
{
	struct bpf_insn insn;

	if (bpf_probe_read_kernel(&insn, sizeof(insn), (void *)(w->insns + i * sizeof(insn))))
		return 1;
	if (insn.code == 0x85 && insn.src_reg == 0 && insn.imm >= 0 && insn.imm < HELPERS_MAX)
		w->pending->helpers[(insn.imm >> 6) & 3] |= 1ULL << (insn.imm & 63);
	return 0;
}

/*
 * Before the verifier puts addresses in the place of the helpers' numbers. Its argument is a pointer to a pointer, which the
 * verifier knows no type of: it comes by a helper. Not by a kprobe, which a kernel need not have, or may forbid.
 */
SEC("?fentry/bpf_check")
int BPF_PROG(table_bpf_check)
{
	struct helper_walk w = { .pending = pending_now() };
	struct bpf_prog *prog;
	__u64 place = 0;
	__u32 count = 0;

	if (!w.pending || bpf_get_func_arg(ctx, 0, &place) || bpf_probe_read_kernel(&prog, sizeof(prog), (void *)place))
		return 0;
	bpf_core_read(&count, sizeof(count), &prog->len);
	w.insns = (__u64)prog + bpf_core_field_offset(prog->insnsi);
	bpf_loop(count > INSNS_MAX ? INSNS_MAX : count, note_helper, &w, 0);
	return 0;
}

static __always_inline int tell_bpf(struct pending *pending, __s64 result, bool known)
{
	struct syscall_table_alteration_event *event = begin_act(SYSCALL_TABLE_BPF);
	__u64 thread = bpf_get_current_pid_tgid();

	if (event) {
		event->command = pending->command;
		event->kind = pending->kind;
		event->id = pending->id;
		event->result = result;
		event->has_result = known;
		__builtin_memcpy(event->helpers, pending->helpers, sizeof(pending->helpers));
		__builtin_memcpy(event->name, pending->name, sizeof(pending->name));
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&table_pending, &thread);
	return 0;
}

SEC("?fexit/__sys_bpf")
int BPF_PROG(table_bpf_result)
{
	struct pending *pending = pending_now();
	__u64 result = 0;

	if (!pending)
		return 0;
	bpf_get_func_ret(ctx, &result);
	check_soon();
	return tell_bpf(pending, (__s32)result, true);
}

SEC("lsm/socket_setsockopt")
int BPF_PROG(table_setsockopt, struct socket *sock, int level, int option, int ret)
{
	struct syscall_table_alteration_event *event;
	struct sock *sk;

	if (ret)
		return ret;
	if (level != SOL_SOCKET || (option != SO_ATTACH_FILTER && option != SO_DETACH_FILTER && option != SO_LOCK_FILTER &&
				    option != SO_ATTACH_BPF && option != SO_ATTACH_REUSEPORT_CBPF && option != SO_ATTACH_REUSEPORT_EBPF))
		return 0;
	event = begin_act(SYSCALL_TABLE_SOCKET_FILTER);
	if (event) {
		event->command = option;
		sk = sock->sk;
		if (sk)
			event->kind = sk->__sk_common.skc_family;
		event->other = sock->type;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

/* The file and its hash wait for the module's name. */
SEC("?lsm.s/kernel_read_file")
int BPF_PROG(table_module_file, struct file *file, enum kernel_read_file_id id, bool contents, int ret)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct pending fresh = {};

	if (ret)
		return ret;
	if (id != READING_MODULE_FILE)
		return 0;
	fresh.kind = bpf_ima_file_hash(file, fresh.hash, sizeof(fresh.hash));
	fresh.id = file->f_inode->i_ino;
	bpf_map_update_elem(&table_pending, &thread, &fresh, BPF_ANY);
	return 0;
}

SEC("tp_btf/module_load")
int BPF_PROG(table_module_load, struct module *module)
{
	struct pending *pending = pending_now();
	__u64 thread = bpf_get_current_pid_tgid();
	struct syscall_table_alteration_event *event;
	__u32 i;

	event = begin_act(SYSCALL_TABLE_MODULE_LOAD);
	if (!event)
		return 0;
	event->address = (__u64)module;
	event->kind = module->taints;
#pragma unroll
	for (i = 0; i < 56; i++)
		event->name[i] = module->name[i];
	if (pending) {
		event->id = pending->id;
		event->command = pending->kind;
		__builtin_memcpy(event->new_value, pending->hash, sizeof(pending->hash));
	}
	bpf_ringbuf_submit(event, 0);
	bpf_map_delete_elem(&table_pending, &thread);
	return 0;
}

/* Its initialisation follows: the earliest moment at which it may do anything. */
SEC("?fexit/do_init_module")
int BPF_PROG(table_module_began)
{
	check_soon();
	return 0;
}

SEC("tp_btf/module_free")
int BPF_PROG(table_module_free, struct module *module)
{
	struct syscall_table_alteration_event *event = begin_act(SYSCALL_TABLE_MODULE_UNLOAD);
	__u64 address = (__u64)module;
	__u32 i;

	bpf_map_delete_elem(&table_modules, &address);
	if (event) {
		event->address = address;
#pragma unroll
		for (i = 0; i < 56; i++)
			event->name[i] = module->name[i];
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

/* Attach, seize, process_vm_*, /proc/PID/mem, pidfd_getfd: whatever needs the right to alter another process. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(table_ptrace_access, struct task_struct *child, unsigned int mode, int ret)
{
	struct syscall_table_alteration_event *event;

	if (ret)
		return ret;
	if (!(mode & PTRACE_MODE_ATTACH))
		return 0;
	event = begin_act(SYSCALL_TABLE_PTRACE_ACCESS);
	if (event) {
		event->command = mode;
		event->other = child->tgid;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(table_ptrace_traceme, struct task_struct *parent, int ret)
{
	struct syscall_table_alteration_event *event;

	if (ret)
		return ret;
	event = begin_act(SYSCALL_TABLE_PTRACE_TRACEME);
	if (event) {
		event->other = parent->tgid;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

SEC("?fexit/arch_ptrace")
int BPF_PROG(table_ptrace_alter, struct task_struct *child, long request, unsigned long address, unsigned long data, long result)
{
	struct syscall_table_alteration_event *event;

	if (request != PTRACE_POKETEXT && request != PTRACE_POKEDATA && request != PTRACE_POKEUSER && request != PTRACE_SETREGS &&
	    request != PTRACE_SETFPREGS && request != PTRACE_SETREGSET)
		return 0;
	event = begin_act(SYSCALL_TABLE_PTRACE_ALTER);
	if (event) {
		event->command = request;
		event->other = child->tgid;
		event->id = address;
		event->result = result;
		event->has_result = 1;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

/* 1: let it be written. */
SEC("cgroup/sysctl")
int table_sysctl(struct bpf_sysctl *context)
{
	struct syscall_table_alteration_event *event;

	if (!context->write && !tell_reads)
		return 1;
	event = begin_act(context->write ? SYSCALL_TABLE_SYSCTL_WRITE : SYSCALL_TABLE_SYSCTL_READ);
	if (!event)
		return 1;
	bpf_sysctl_get_name(context, event->name, sizeof(event->name), 0);
	bpf_sysctl_get_current_value(context, event->old_value, sizeof(event->old_value));
	if (context->write)
		bpf_sysctl_get_new_value(context, event->new_value, sizeof(event->new_value));
	bpf_ringbuf_submit(event, 0);
	return 1;
}

#endif
