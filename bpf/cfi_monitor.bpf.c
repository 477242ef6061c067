// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Kernel exploits, by what they must do.
 *
 *	fentry on sensitive functions	the stack, the caller, the way back (cfi_monitor_flow.bpf.h)
 *	kprobe there, and behind	whether the task came through the entry (cfi_monitor_later.bpf.h); attached by Java
 *	commit_creds, lsm/task_alloc	what a task's credentials are to be (cfi_monitor_cred.bpf.h)
 *	lsm/file_open, bprm_*, ...	whether they are that; and a task that was found out gets no further
 *	cgroup/sysctl, lsm/file_open	writes to switches that silence BPF (cfi_monitor_switch.bpf.h)
 *	cfi_timer			both looked at by themselves, whatever tasks do
 *	perf_event			that nobody acts in user space under other credentials than his own
 *	raw_tp/module_*			modules that bring call sites
 *	cfi_find, _describe, _read, _now, _start	run by Java
 *
 * The programs are attached in this order: what comes last, the clock, ends the time in which things may go unseen.
 */
#include "cfi_monitor_flow.bpf.h"
#include "cfi_monitor_cred.bpf.h"
#include "cfi_monitor_later.bpf.h"
#include "cfi_monitor_switch.bpf.h"

GARRISON_LICENSE;

/* A struct that only a local pointer names is left out of BTF, where Java looks for it. */
struct cfi_event *cfi_event_layout;
struct cfi_module_event *cfi_module_event_layout;

#define CLOCK_MONOTONIC 1
#define PT_REGS_CS 17	/* in words; the kernel lets only whole registers be read */

struct cfi_timer {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cfi_timer);
} cfi_timers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CFI_SYMBOLS);
	__type(key, __u32);
	__type(value, struct garrison_symbol);
} cfi_symbols SEC(".maps");

struct cfi_window {
	__u8 bytes[CFI_WINDOW];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cfi_window);
} cfi_window SEC(".maps");

static long find_symbol(__u32 i, void *context)
{
	return kernel_symbol_find(bpf_map_lookup_elem(&cfi_symbols, &i));
}

/* Addresses of the names in cfi_symbols, up to the first empty one; 0: the kernel has none. Does not depend on kptr_restrict. */
SEC("syscall")
int cfi_find(void *context)
{
	bpf_loop(CFI_SYMBOLS, find_symbol, NULL, 0);
	return 0;
}

static long describe_address(__u32 i, void *context)
{
	return kernel_symbol_describe(bpf_map_lookup_elem(&cfi_symbols, &i));
}

/* Names of the addresses in cfi_symbols, up to the first 0: NAME+0xOFFSET/0xSIZE [MODULE]. */
SEC("syscall")
int cfi_describe(void *context)
{
	bpf_loop(CFI_SYMBOLS, describe_address, NULL, 0);
	return 0;
}

/* Kernel memory from the address in the context into cfi_window; a length of up to its size after it. 0, or a negative errno. */
SEC("syscall")
int cfi_read(__u64 *context)
{
	__u32 zero = 0;
	struct cfi_window *window = bpf_map_lookup_elem(&cfi_window, &zero);
	__u64 address = context[0], length = context[1];

	if (!window || length > CFI_WINDOW)
		return -1;
	return bpf_probe_read_kernel(window->bytes, length, (void *)address);
}

/* The boot time, as it is compared with, into the context. */
SEC("syscall")
int cfi_now(__u64 *context)
{
	context[0] = bpf_ktime_get_boot_ns();
	return 0;
}

static int cfi_timer_rings(void *map, __u32 *key, struct cfi_timer *value)
{
	struct garrison_control *control = garrison_control_now();
	struct cfi_state *state = cfi_state_now();

	if (!state || (control && control->retired))
		return 0;
	look_at_switches();
	sweep_tasks(state);
	bpf_timer_start(&value->timer, state->period_ns, 0);
	return 0;
}

SEC("syscall")
int cfi_start(void *context)
{
	struct cfi_timer *value;
	__u32 zero = 0;

	value = bpf_map_lookup_elem(&cfi_timers, &zero);
	if (!value)
		return 1;
	/* It may be initialised already, by an earlier run: its callback then becomes this program's. */
	bpf_timer_init(&value->timer, &cfi_timers, CLOCK_MONOTONIC);
	if (bpf_timer_set_callback(&value->timer, cfi_timer_rings))
		return 2;
	return bpf_timer_start(&value->timer, 0, 0) ? 3 : 0;
}

SEC("?fentry/commit_creds")
int BPF_PROG(cfi_commit_creds, struct cred *cred)
{
	int found;

	entering(CFI_COMMIT_CREDS, 1);
	found = check_flow(ctx, CFI_COMMIT_CREDS);
	committing(bpf_get_current_task_btf(), cred);
	if (found)
		punish(CFI_COMMIT_CREDS);
	entering(CFI_COMMIT_CREDS, -1);
	return 0;
}

SENSOR("?fentry", prepare_kernel_cred, CFI_PREPARE_KERNEL_CRED)
SENSOR("?fentry", override_creds, CFI_OVERRIDE_CREDS)
SENSOR("?fentry", call_usermodehelper_exec, CFI_CALL_USERMODEHELPER)
SENSOR("?fentry", set_memory_x, CFI_SET_MEMORY_X)
SENSOR("?fentry", set_memory_rw, CFI_SET_MEMORY_RW)
SENSOR("?fentry", kallsyms_lookup_name, CFI_KALLSYMS_LOOKUP_NAME)
SENSOR("?fentry", text_poke, CFI_TEXT_POKE)
SENSOR("?fentry", text_poke_bp, CFI_TEXT_POKE_BP)
SENSOR("?fentry", smp_text_poke_single, CFI_TEXT_POKE_SINGLE)
SENSOR("?fentry", text_poke_copy, CFI_TEXT_POKE_COPY)
SENSOR("?fentry", call_usermodehelper, CFI_USERMODEHELPER)

/* At a function's entry, besides the sensors above. */
SEC("?kprobe")
int cfi_entered(struct pt_regs *context)
{
	return passed_entry(context);
}

/* Somewhere in a function, where each run of it comes by just once. */
SEC("?kprobe")
int cfi_passed(struct pt_regs *context)
{
	return passed_behind_entry(context);
}

/* Since modules differ by kernel in where their text is. */
struct module_layout___before_64 {
	void *base;
	unsigned int text_size;
} __attribute__((preserve_access_index));

struct module___before_64 {
	struct module_layout___before_64 core_layout;
} __attribute__((preserve_access_index));

struct module_memory___since_64 {
	void *base;
	unsigned int size;
} __attribute__((preserve_access_index));

struct module___since_64 {
	struct module_memory___since_64 mem[7];
} __attribute__((preserve_access_index));

struct module___signed {
	bool sig_ok;
} __attribute__((preserve_access_index));

static __always_inline int tell_module(struct module *module, __u32 loaded)
{
	struct module___before_64 *old = (void *)module;
	struct module___since_64 *new = (void *)module;
	struct cfi_module_event *event;

	event = garrison_reserve(sizeof(*event), CFI_MODULE);
	if (!event)
		return 0;
	event->loaded = loaded;
	event->padding = 0;
	if (bpf_core_field_exists(old->core_layout)) {
		event->base = (__u64)BPF_CORE_READ(old, core_layout.base);
		event->size = BPF_CORE_READ(old, core_layout.text_size);
	} else {
		event->base = (__u64)BPF_CORE_READ(new, mem[0].base);
		event->size = BPF_CORE_READ(new, mem[0].size);
	}
	event->signature_ok = bpf_core_field_exists(((struct module___signed *)module)->sig_ok)
			      ? BPF_CORE_READ((struct module___signed *)module, sig_ok) : 0;
	BPF_CORE_READ_INTO(&event->name, module, name);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("?raw_tp/module_load")
int cfi_module_load(struct bpf_raw_tracepoint_args *context)
{
	return tell_module((struct module *)context->args[0], 1);
}

SEC("?raw_tp/module_free")
int cfi_module_free(struct bpf_raw_tracepoint_args *context)
{
	return tell_module((struct module *)context->args[0], 0);
}

SEC("cgroup/sysctl")
int cfi_sysctl(struct bpf_sysctl *context)
{
	return sysctl_written(context);
}

/* A task that was found out gets no further. */
static __always_inline int gate(__u32 hook)
{
	__u64 key = (__u64)bpf_get_current_task_btf();
	struct cfi_task *known = bpf_map_lookup_elem(&cfi_tasks, &key);

	if (!known || !known->blocked || !garrison_enforcing())
		return 0;
	if (known->action == CFI_KILL)
		bpf_send_signal(SIGKILL);
	return garrison_deny(hook);
}

#define GATE(hook, ...)							\
	SEC("lsm/" #hook)						\
	int BPF_PROG(cfi_gate_##hook, __VA_ARGS__, int ret)		\
	{								\
		if (ret)						\
			return ret;					\
		return gate(garrison_hook(#hook));			\
	}

SEC("lsm/file_open")
int BPF_PROG(cfi_file_open, struct file *file, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (ret)
		return ret;
	judge_cred(task, true);
	judge_opening(ctx, task);
	if (opens_kprobes_switch(file) && switch_touched(SWITCH_KPROBES))
		return garrison_deny(garrison_hook("file_open"));
	return gate(garrison_hook("file_open"));
}

SEC("lsm/bprm_check_security")
int BPF_PROG(cfi_bprm_check_security, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (ret)
		return ret;
	judge_cred(task, true);
	judge_acting(task);
	return gate(garrison_hook("bprm_check_security"));
}

SEC("lsm/task_alloc")
int BPF_PROG(cfi_task_alloc, struct task_struct *child, unsigned long flags, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (ret)
		return ret;
	judge_cred(task, true);
	judge_acting(task);
	cred_committed((__u64)child, child->real_cred);
	return gate(garrison_hook("task_alloc"));
}

SEC("lsm/task_free")
int BPF_PROG(cfi_task_free, struct task_struct *task)
{
	__u64 key = (__u64)task;

	bpf_map_delete_elem(&cfi_tasks, &key);
	return 0;
}

GATE(inode_create, struct inode *dir, struct dentry *dentry, umode_t mode)
GATE(inode_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode)
GATE(inode_link, struct dentry *old, struct inode *dir, struct dentry *new)
GATE(inode_symlink, struct inode *dir, struct dentry *dentry, const char *old)
GATE(inode_unlink, struct inode *dir, struct dentry *dentry)
GATE(inode_rmdir, struct inode *dir, struct dentry *dentry)
GATE(sb_mount, const char *dev, const struct path *path, const char *type, unsigned long flags, void *data)
GATE(ptrace_access_check, struct task_struct *child, unsigned int mode)
GATE(task_kill, struct task_struct *victim, struct kernel_siginfo *info, int number, const struct cred *cred)
GATE(socket_create, int family, int type, int protocol, int kern)
GATE(socket_connect, struct socket *sock, struct sockaddr *address, int length)
GATE(kernel_read_file, struct file *file, enum kernel_read_file_id id, bool contents)

/* Whoever is found in user space acts under his own credentials. */
SEC("perf_event")
int cfi_clock(struct bpf_perf_event_data *context)
{
	struct cfi_state *state = cfi_state_now();

	if (!state)
		return 0;
	state->armed = 1;
	if (((__u64 *)context)[PT_REGS_CS] & 3)
		judge_acting((struct task_struct *)bpf_get_current_task());
	return 0;
}
