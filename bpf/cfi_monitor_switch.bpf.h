/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The switches that silence BPF programs: writes to them, and what they stand at, whoever set them. */
#ifndef CFI_MONITOR_SWITCH_BPF_H
#define CFI_MONITOR_SWITCH_BPF_H

#include "cfi_monitor_later.bpf.h"

#define DEBUGFS_MAGIC 0x64626720
#define FMODE_WRITE 2
const volatile __u32 cfi_own_process = 0;	/* it restores what others switched off */

#define NAME 24

static const char ftrace_switch[] = "kernel/ftrace_enabled";
static const char kprobes_switch[] = "enabled";
static const char kprobes_folder[] = "kprobes";

/* 1: refused. */
static __always_inline int switch_touched(__u32 number)
{
	struct cfi_state *state = cfi_state_now();
	struct cfi_report report = {
		.task = (struct task_struct *)bpf_get_current_task(),
		.sensor = CFI_SWITCH,
		.finding = CFI_TURNING_OFF,
		.number = number,
		.current = 1,
	};

	if (!state)
		return 0;
	cfi_violation(&report);
	return state->deny_switches && garrison_enforcing();
}

/* On tracing only: a write of anything but 0 turns nothing off. */
static __always_inline int sysctl_written(struct bpf_sysctl *context)
{
	struct cfi_state *state = cfi_state_now();
	char name[NAME] = {}, value[8] = {};

	if (!context->write || !state)
		return 1;
	if (bpf_sysctl_get_name(context, name, sizeof(name), 0) < 0 || bpf_strncmp(name, sizeof(name), ftrace_switch))
		return 1;
	if (trampolines_off(state))
		doubt_entries();	/* the variable is on before the trampolines are */
	if (bpf_sysctl_get_new_value(context, value, sizeof(value)) > 0 && value[0] >= '1' && value[0] <= '9')
		return 1;
	if (switch_touched(SWITCH_FTRACE))
		return 0;
	doubt_entries();
	return 1;
}

/* Opening debugfs' kprobes/enabled to write. */
static __always_inline bool opens_kprobes_switch(struct file *file)
{
	char name[16] = {};
	struct dentry *dentry;

	if (bpf_get_current_pid_tgid() >> 32 == cfi_own_process)
		return false;
	if (!(file->f_mode & FMODE_WRITE) || file->f_inode->i_sb->s_magic != DEBUGFS_MAGIC)
		return false;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	if (bpf_strncmp(name, sizeof(name), kprobes_switch))
		return false;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_parent, d_name.name));
	return !bpf_strncmp(name, sizeof(name), kprobes_folder);
}

static long look_at_switch(__u32 i, void *context)
{
	struct cfi_state *state = cfi_state_now();
	struct cfi_report report = {};
	__u32 now = 0;

	if (!state || i >= CFI_SWITCHES)
		return 1;
	if (!state->switches[i])
		return 0;
	if (bpf_probe_read_kernel(&now, state->switch_size[i] == 1 ? 1 : 4, (void *)state->switches[i]))
		return 0;
	if (i == SWITCH_FTRACE)
		state->blind = now != state->switch_on[i];
	if (now == state->switch_last[i])
		return 0;
	report.task = (struct task_struct *)state->init_task;
	report.sensor = CFI_SWITCH;
	report.finding = now == state->switch_on[i] ? CFI_SWITCHED_ON : CFI_SWITCHED_OFF;
	report.address = state->switches[i];
	report.before = state->switch_last[i];
	report.now = now;
	report.number = i;
	state->switch_last[i] = now;
	cfi_violation(&report);
	return 0;
}

static __always_inline void look_at_switches(void)
{
	bpf_loop(CFI_SWITCHES, look_at_switch, NULL, 0);
}

#endif
